"""Which keys of a provider are accepted, when they are stored and whenever they are used."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from sso.saml import FindingCode, IdpMetadata, MetadataError, MetadataProblem, SigningCertificate, stored_keys
from sso.saml.keys.key_rules import MAX_KEYS, flaw_of
from tests.saml.metadata_files import DS, certificate, entity, role, sso
from tests.saml.provider import ENTITY_ID, NOW
from tests.saml.weak_keys import certificate_of, odd_modulus, rsa_public_key

GOOD = certificate().certificate
LARGEST_SMALL_PRIME, NEXT_PRIME = 65521, 65537


def read(inside: str) -> IdpMetadata:
    from sso.saml import read_idp_metadata

    return read_idp_metadata(entity(role(inside + sso())).encode(), our_entity_id=ENTITY_ID, now=NOW)


def descriptor(*x509_data: tuple[bytes, ...], more: str = "") -> str:
    """Return a KeyDescriptor with an X509Data for each tuple of certificates."""
    written = "".join(
        "<X509Data>" + "".join(f"<X509Certificate>{_text(der)}</X509Certificate>" for der in each) + "</X509Data>"
        for each in x509_data
    )
    return f'<KeyDescriptor use="signing"><KeyInfo xmlns="{DS}">{written}{more}</KeyInfo></KeyDescriptor>'


def _text(der: bytes) -> str:
    return base64.b64encode(der).decode()


def codes(metadata: IdpMetadata) -> list[FindingCode]:
    return [finding.code for finding in metadata.findings]


def ec_certificate(subject: str = "idp.example.test", issuer: str = "elsewhere", **options: bool | None) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    own = key if subject == issuer else None
    return certificate_of(key.public_key(), subject, issuer, signed_by=own, **options)


SOUND: dict[str, Callable[[], CertificatePublicKeyTypes]] = {
    "RSA 2048": lambda: rsa_public_key(odd_modulus(2048)),
    "RSA 8192": lambda: rsa_public_key(odd_modulus(8192)),
    "the largest exponent": lambda: rsa_public_key(odd_modulus(2048), 2**33 - 1),
    "a factor above 2^16": lambda: rsa_public_key(NEXT_PRIME * odd_modulus(2040)),
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()).public_key(),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()).public_key(),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()).public_key(),
}
UNSOUND: dict[str, tuple[Callable[[], CertificatePublicKeyTypes], str]] = {
    "RSA 2047": (lambda: rsa_public_key(odd_modulus(2047)), "RSA 2047 is too weak"),
    "RSA 8193": (lambda: rsa_public_key(odd_modulus(8193)), "RSA 8193 is too large"),
    "exponent 3": (lambda: rsa_public_key(odd_modulus(2048), 3), "exponent 3 is"),
    "exponent below 65537": (lambda: rsa_public_key(odd_modulus(2048), 65535), "exponent 65535 is"),
    "exponent above 2^33": (lambda: rsa_public_key(odd_modulus(2048), 2**33 + 1), "exponent 8589934593 is"),
    "an endless exponent": (lambda: rsa_public_key(odd_modulus(2048), 2**2000 + 1), "exponent of 2001 bits is"),
    "even": (lambda: rsa_public_key(2 * odd_modulus(2048)), "small factor"),
    "3 times a prime": (lambda: rsa_public_key(3 * odd_modulus(2048)), "small factor"),
    "the largest small factor": (lambda: rsa_public_key(LARGEST_SMALL_PRIME * odd_modulus(2040)), "small factor"),
    "P-224": (lambda: ec.generate_private_key(ec.SECP224R1()).public_key(), "curve secp224r1"),
    "secp256k1": (lambda: ec.generate_private_key(ec.SECP256K1()).public_key(), "curve secp256k1"),
    "Brainpool": (lambda: ec.generate_private_key(ec.BrainpoolP256R1()).public_key(), "curve brainpoolP256r1"),
    "Ed25519": (lambda: ed25519.Ed25519PrivateKey.generate().public_key(), "Ed25519 is not"),
    "DSA": (lambda: dsa.generate_private_key(2048).public_key(), "DSA is not"),
}


@pytest.mark.parametrize("name", SOUND)
def test_sound_keys_are_accepted(name: str) -> None:
    der = certificate_of(SOUND[name]())
    assert SigningCertificate.from_der(der).flaw == ""
    assert [each.der for each in read(descriptor((der,))).certificates] == [der]
    assert [each.der for each in stored_keys([der]).usable] == [der]


@pytest.mark.parametrize("name", UNSOUND)
def test_other_keys_are_refused_and_the_message_names_them(name: str) -> None:
    make, says = UNSOUND[name]
    der = certificate_of(make())
    with pytest.raises(MetadataError, match="can't be used") as caught:
        read(descriptor((der,)))
    assert caught.value.code is MetadataProblem.WEAK_KEY
    assert says in str(caught.value)
    beside_a_good_one = read(descriptor((der,)) + descriptor((GOOD.der,)))
    assert beside_a_good_one.certificates == (GOOD,)
    assert codes(beside_a_good_one) == [FindingCode.CERTIFICATE_WEAK]
    usable, (reason,) = stored_keys([der, GOOD.der])
    assert usable == (GOOD,)
    assert says in reason


def test_even_exponents_are_refused() -> None:
    """The library reads no such key, so the certificate counts as unreadable."""
    der = certificate_of(rsa_public_key(odd_modulus(2048)))
    assert der.count(b"\x01\x00\x01") == 1
    with pytest.raises(MetadataError):
        SigningCertificate.from_der(der.replace(b"\x01\x00\x01", b"\x01\x00\x02"))


def test_twenty_keys_and_no_more() -> None:
    many = [ec_certificate(f"idp{number}") for number in range(MAX_KEYS + 1)]
    assert len(read("".join(descriptor((der,)) for der in many[:MAX_KEYS])).certificates) == MAX_KEYS
    with pytest.raises(MetadataError, match="21 signing keys, and at most 20") as caught:
        read("".join(descriptor((der,)) for der in many))
    assert caught.value.code is MetadataProblem.TOO_MANY_KEYS


def test_a_key_that_is_listed_twice_counts_once() -> None:
    many = [ec_certificate(f"idp{number}") for number in range(MAX_KEYS)]
    assert len(read("".join(descriptor((der,)) for der in [*many, *many])).certificates) == MAX_KEYS


def test_certificates_are_bounded() -> None:
    with pytest.raises(MetadataError):
        SigningCertificate.from_der(GOOD.der + bytes(16 * 1024))


LEAF = ec_certificate("idp.example.test", "Contoso CA", is_authority=False)
AUTHORITY = ec_certificate("Contoso CA", "Contoso Root", is_authority=True)
ROOT = ec_certificate("Contoso Root", "Contoso Root", is_authority=True)


@pytest.mark.parametrize(
    "chain", [(LEAF, AUTHORITY), (AUTHORITY, LEAF), (LEAF, AUTHORITY, ROOT), (ROOT, AUTHORITY, LEAF), (LEAF, ROOT)]
)
def test_the_chain_of_a_certificate_is_not_trusted(chain: tuple[bytes, ...]) -> None:
    metadata = read(descriptor(chain))
    assert [each.der for each in metadata.certificates] == [LEAF]
    assert {*codes(metadata)} <= {FindingCode.ISSUERS_IGNORED, FindingCode.CERTIFICATE_BESIDE}
    assert len(metadata.findings) == len(chain) - 1


def test_a_chain_over_several_elements_is_not_trusted() -> None:
    for inside in (descriptor((LEAF,), (AUTHORITY,)), descriptor((LEAF,)) + descriptor((AUTHORITY,))):
        assert [each.der for each in read(inside).certificates] == [LEAF]


def test_issuers_without_basic_constraints_are_told_by_their_names() -> None:
    old_issuer = ec_certificate("Contoso CA", "Contoso CA")
    assert [each.der for each in read(descriptor((old_issuer, LEAF))).certificates] == [LEAF]


def test_a_weak_certificate_does_not_make_its_issuer_trusted() -> None:
    weak = certificate_of(rsa_public_key(odd_modulus(1024)), "idp.example.test", "Contoso CA")
    with pytest.raises(MetadataError, match="RSA 1024"):
        read(descriptor((weak, AUTHORITY)))


def test_a_weak_stored_certificate_does_not_make_its_issuer_trusted() -> None:
    weak = certificate_of(rsa_public_key(3 * odd_modulus(2048)), "idp.example.test", "Contoso CA")
    usable, ignored = stored_keys([weak, AUTHORITY])
    assert usable == ()
    assert "small factor" in ignored[0]
    assert ignored[1] == "the certificate of an issuer is no signing key"


def test_an_unreadable_certificate_does_not_make_its_issuer_trusted() -> None:
    with pytest.raises(MetadataError, match="can't be read"):
        read(descriptor((b"no certificate", AUTHORITY)))


def test_of_two_certificates_without_a_chain_the_first_is_the_key() -> None:
    first, second = (ec_certificate("idp.example.test", "idp.example.test", is_authority=True) for _ in range(2))
    metadata = read(descriptor((first, second)))
    assert [each.der for each in metadata.certificates] == [first]
    assert codes(metadata) == [FindingCode.CERTIFICATE_BESIDE]
    assert "KeyDescriptor of its own" in metadata.findings[0].message


def test_a_renewed_certificate_of_the_same_name_is_a_key_of_its_own() -> None:
    first, second = (ec_certificate("idp.example.test", "idp.example.test") for _ in range(2))
    metadata = read(descriptor((first,)) + descriptor((second,)))
    assert [each.der for each in metadata.certificates] == [first, second]
    assert metadata.findings == ()


def test_a_signing_key_that_is_an_authority_by_its_own_account_is_accepted() -> None:
    """OpenSSL writes that into every certificate that signs itself."""
    alone = ec_certificate("idp.example.test", "idp.example.test", is_authority=True)
    assert [each.der for each in read(descriptor((alone,))).certificates] == [alone]


def test_a_key_without_certificate_is_left_out() -> None:
    bare = descriptor(more="<KeyValue><RSAKeyValue><Modulus>AQAB</Modulus></RSAKeyValue></KeyValue>")
    with pytest.raises(MetadataError, match="KeyDescriptor has none in it"):
        read(bare)
    assert codes(read(bare + descriptor((GOOD.der,)))) == [FindingCode.CERTIFICATE_MISSING]


def test_stored_keys_are_held_to_the_same_bounds() -> None:
    many = [ec_certificate(f"idp{number}") for number in range(670)]
    usable, ignored = stored_keys(many)
    assert [each.der for each in usable] == many[:MAX_KEYS]
    assert ignored == ("670 keys are listed, and only the first 20 count",)
    assert stored_keys([LEAF, AUTHORITY]).usable == (SigningCertificate(LEAF),)
    assert stored_keys([AUTHORITY, LEAF]).ignored == ("the certificate of an issuer is no signing key",)
    assert stored_keys([b"no certificate"]) == ((), ("a certificate can't be read",))
    assert stored_keys([]) == ((), ())


def test_keys_of_our_own_are_sound() -> None:
    from sso.saml import make_key_pair

    assert flaw_of(make_key_pair("amplisso", now=NOW).certificate.public_key) == ""
