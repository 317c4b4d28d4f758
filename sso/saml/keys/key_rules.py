"""The rules for public keys that may verify signatures: cheap to use, and infeasible to break.

A provider's metadata is written by a tenant and used by anonymous requests, so the bounds hold when keys are stored and
again when they are used.
"""

import math
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

# Providers list two or three; nine have been seen where old keys were never removed after a rollover.
MAX_KEYS = 20
# NIST SP 800-131A asks for 2048 at least; verifying with more than 8192 takes longer than a whole sign-in.
MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192
# FIPS 186-5 A.1.1 has 2^16 < e < 2^256. The upper bound is a matter of cost: the time grows with the exponent's length.
MIN_EXPONENT, MAX_EXPONENT = 2**16 + 1, 2**33
CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_FACTORS_BELOW = 2**16


def flaw_of(key: PublicKeyTypes) -> str:
    """Return why a key may not verify signatures, as a clause that names what was found; "" if it may."""
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return _flaw_of_size(key.key_size) or _flaw_of_exponent(numbers.e) or _flaw_of_modulus(numbers.n)
    if isinstance(key, ec.EllipticCurvePublicKey):
        known = key.curve.name in CURVES
        return "" if known else f"the curve {key.curve.name} is not accepted, only {', '.join(CURVES.values())}"
    return f"{kind_of(key)} is not accepted, only RSA and ECDSA"


def costs_little(key: PublicKeyTypes) -> bool:
    """Return whether verifying with a key is no slower than with the slowest key that may verify signatures."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size <= MAX_RSA_BITS and key.public_numbers().e <= MAX_EXPONENT
    return True


def kind_of(key: PublicKeyTypes) -> str:
    """Return the kind and size of a key, such as "RSA 2048" or "EC secp256r1"."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey").lstrip("_")


def _flaw_of_size(bits: int) -> str:
    if bits < MIN_RSA_BITS:
        return f"RSA {bits} is too weak, at least RSA {MIN_RSA_BITS} is needed"
    return f"RSA {bits} is too large, at most RSA {MAX_RSA_BITS} is accepted" if bits > MAX_RSA_BITS else ""


def _flaw_of_exponent(exponent: int) -> str:
    if exponent % 2 and MIN_EXPONENT <= exponent <= MAX_EXPONENT:
        return ""
    found = str(exponent) if exponent <= 2 * MAX_EXPONENT else f"of {exponent.bit_length()} bits"
    return f"an RSA key with the public exponent {found} is not accepted, only odd ones from {MIN_EXPONENT} to 2^33"


def _flaw_of_modulus(modulus: int) -> str:
    """Return why an RSA modulus is weak, because it is even or has small factors, as a clause; "" if it isn't."""
    if math.gcd(modulus, _product_of_small_primes() % modulus) == 1:
        return ""
    return "an RSA key whose modulus has a small factor is not accepted, because anyone can work out its private half"


@cache
def _product_of_small_primes() -> int:
    """Return the product of every prime below 2^16, a number of 94,000 bits. Takes ten milliseconds, once."""
    is_prime = bytearray([1]) * _FACTORS_BELOW
    is_prime[:2] = bytes(2)
    for number in range(2, math.isqrt(_FACTORS_BELOW) + 1):
        if is_prime[number]:
            multiples = range(number * number, _FACTORS_BELOW, number)
            is_prime[multiples.start :: number] = bytes(len(multiples))
    return math.prod(number for number in range(_FACTORS_BELOW) if is_prime[number])
