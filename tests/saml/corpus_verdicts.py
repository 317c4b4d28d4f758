"""What every file of the collection must be: decided by reading the file, not by asking the product.

By folder and name: good (with findings), refused (with a problem) or choose, and a part of what is said about it. The
files certs--* were changed after they were signed, so that their own signatures are wrong: a finding, not a refusal.
"""

from __future__ import annotations

from typing import NamedTuple

from sso.saml import FindingCode as F
from sso.saml import MetadataProblem as P


class Expected(NamedTuple):
    """The right answer for one file: `problem` for one that is refused, `findings` for one that is good."""

    verdict: str
    problem: P | None = None
    findings: tuple[F, ...] = ()
    says: str = ""


def good(*findings: F, says: str = "") -> Expected:
    return Expected("good", None, findings, says)


def refused(problem: P, says: str) -> Expected:
    return Expected("refused", problem, (), says)


def choose(says: str) -> Expected:
    return Expected("choose", P.SEVERAL, (), says)


# What each kind of finding says, in every file that has it; `says` below is about the one file.
SAYS = {
    F.ENTITY_ID_TRIMMED: "which were left out. You don't need to do anything.",
    F.ENTITY_LISTED_TWICE: "the first one was read. If sign-ins fail, upload a file with the other entry alone.",
    F.SECOND_ROLE: "the first one was read. If sign-ins fail, upload a file with the other one alone.",
    F.CERTIFICATE_EXPIRED: ", so what is signed with it is refused. If your identity provider still signs with it,",
    F.CERTIFICATE_EXPIRES_SOON: "Create a new one at your identity provider before and upload the new metadata.",
    F.CERTIFICATE_NOT_YET_VALID: "Let your identity provider sign with it from that day on only.",
    F.NO_CERTIFICATE_VALID_NOW: "No signing certificate in this file is valid ",
    F.CERTIFICATE_DAMAGED: "it says that its own key signed it, but the signature is wrong. Download",
    F.CERTIFICATE_WEAK: "If your identity provider signs with it, create a new certificate there",
    F.ISSUERS_IGNORED: "only the key of the signing certificate itself is trusted. You don't need to do anything.",
    F.METADATA_EXPIRED: "It is used all the same; if sign-ins fail, download a fresh one and upload it.",
    F.VALID_UNTIL_UNREADABLE: "which is no date. You don't need to do anything.",
    F.INTERNAL_ADDRESS: "users can sign in only from there. If this is intended, you don't need to do anything;",
    F.LOOPBACK_ADDRESS: "leads to the visitor's own computer: no user can sign in.",
    F.RESERVED_ADDRESS: "its name is reserved, and no user can sign in there.",
    F.REWRITTEN_ADDRESS: "from your identity provider and upload it without sending it by mail.",
    F.ADDRESS_OF_OTHER_PROVIDER: "is not Microsoft's, but the entityID is that of Microsoft Entra ID.",
    F.SIGN_IN_ADDRESS_IGNORED: "was left out, because it is not https.",
    F.SIGNED_REQUESTS_WANTED: "so Amplisso signs them. Give the provider our certificate,",
    F.SIGNED_REQUESTS_UNCLEAR: "If your identity provider refuses requests that are not signed, turn Sign requests on.",
}

EXPECTED = {
    "metadata-2/certs--cn-underscore-printablestring.xml": good(
        F.CERTIFICATE_DAMAGED, says="its own key signed it, but the signature is wrong"
    ),
    "metadata-2/certs--cn-wildcard-printablestring.xml": good(
        F.CERTIFICATE_DAMAGED, says="its own key signed it, but the signature is wrong"
    ),
    "metadata-2/certs--country-three-letters.xml": good(
        F.CERTIFICATE_DAMAGED, says="its own key signed it, but the signature is wrong"
    ),
    "metadata-2/certs--email-printablestring.xml": good(
        F.CERTIFICATE_DAMAGED, says="its own key signed it, but the signature is wrong"
    ),
    "metadata-2/certs--ia5-nonascii.xml": good(
        F.CERTIFICATE_DAMAGED, says="its own key signed it, but the signature is wrong"
    ),
    "metadata-2/certs--o-ampersand-printablestring.xml": good(
        F.CERTIFICATE_DAMAGED, says="its own key signed it, but the signature is wrong"
    ),
    "metadata-2/certs--plain.xml": good(),
    "metadata-2/certs--serial-negative.xml": good(),
    "metadata-2/certs--serial-zero.xml": good(),
    "metadata-2/certs--t61-latin1.xml": good(
        F.CERTIFICATE_DAMAGED, says="its own key signed it, but the signature is wrong"
    ),
    "metadata-2/certs--utf8string-latin1-bytes.xml": good(
        F.CERTIFICATE_DAMAGED, says="its own key signed it, but the signature is wrong"
    ),
    "metadata-2/constructed--aa-only.xml": refused(
        P.NO_PROVIDER, "There is no identity provider in this file (no IDPSSODescriptor)"
    ),
    "metadata-2/constructed--affiliation.xml": refused(
        P.NO_PROVIDER, "There is no identity provider in this file (no IDPSSODescriptor)"
    ),
    "metadata-2/constructed--cdata-cert.xml": good(),
    "metadata-2/constructed--cert-brainpool.xml": refused(P.WEAK_KEY, "the curve brainpoolP256r1 is not accepted"),
    "metadata-2/constructed--cert-expires-in-20-days.xml": good(
        F.CERTIFICATE_EXPIRES_SOON, says="expires on 19 December 2026"
    ),
    "metadata-2/constructed--cert-not-yet-valid.xml": good(
        F.CERTIFICATE_NOT_YET_VALID,
        F.NO_CERTIFICATE_VALID_NOW,
        says="is valid yet, so sign-ins are refused before 1 March 2027",
    ),
    "metadata-2/constructed--cert-one-char-changed.xml": refused(
        P.UNREADABLE_KEY, "it is damaged: it says that its own key signed it, but the signature is wrong"
    ),
    "metadata-2/constructed--cert-p224.xml": refused(P.WEAK_KEY, "the curve secp224r1 is not accepted"),
    "metadata-2/constructed--cert-p521.xml": good(),
    "metadata-2/constructed--cert-rsa16384.xml": good(),
    "metadata-2/constructed--cert-secp256k1.xml": refused(P.WEAK_KEY, "the curve secp256k1 is not accepted"),
    "metadata-2/constructed--chain-leaf-expired-ca-valid.xml": good(
        F.CERTIFICATE_EXPIRED,
        F.NO_CERTIFICATE_VALID_NOW,
        F.ISSUERS_IGNORED,
        says="only the key of the signing certificate itself is trusted",
    ),
    "metadata-2/constructed--chain-leaf-valid-ca-expired.xml": good(
        F.ISSUERS_IGNORED, says="only the key of the signing certificate itself is trusted"
    ),
    "metadata-2/constructed--chain-leaf-valid-ca.xml": good(
        F.ISSUERS_IGNORED, says="only the key of the signing certificate itself is trusted"
    ),
    "metadata-2/constructed--comment-in-cert.xml": good(),
    "metadata-2/constructed--entity-id-1025.xml": refused(
        P.ENTITY_ID_TOO_LONG, "The entityID in this file is longer than the 1024 characters that the standard allows"
    ),
    "metadata-2/constructed--entityid-braces-not-entra.xml": refused(
        P.TEMPLATE, "https://sso.example.com/realms/{customer}"
    ),
    "metadata-2/constructed--entityid-template.xml": refused(P.TEMPLATE, "{{ idp_entity_id }}"),
    "metadata-2/constructed--entra-app-plus-platform.xml": good(),
    "metadata-2/constructed--entra-cn-app.xml": good(),
    "metadata-2/constructed--entra-entityid-blanks.xml": good(
        F.ENTITY_ID_TRIMMED, says="blanks at its beginning or end"
    ),
    "metadata-2/constructed--entra-entityid-no-slash.xml": good(),
    "metadata-2/constructed--entra-entityid-upper.xml": good(),
    "metadata-2/constructed--entra-organizations.xml": refused(
        P.ENTRA_COMMON, "This is the document for all of Microsoft Entra ID"
    ),
    "metadata-2/constructed--entra-tenant-accounts.accesscontrol.chinacloudapi.cn.xml": refused(
        P.ENTRA_TENANT, "This is the document of your whole Microsoft Entra ID"
    ),
    "metadata-2/constructed--entra-tenant-accounts.accesscontrol.windows.net.xml": refused(
        P.ENTRA_TENANT, "This is the document of your whole Microsoft Entra ID"
    ),
    "metadata-2/constructed--entra-tenant-login.microsoftonline.de.xml": refused(
        P.ENTRA_TENANT, "This is the document of your whole Microsoft Entra ID"
    ),
    "metadata-2/constructed--entra-tenant-login.microsoftonline.us.xml": refused(
        P.ENTRA_TENANT, "This is the document of your whole Microsoft Entra ID"
    ),
    "metadata-2/constructed--entra-tenant-sts.windows.net.xml": good(),
    "metadata-2/constructed--entra-us-app.xml": good(),
    "metadata-2/constructed--fragment.xml": refused(P.UNSAFE_ADDRESS, "has a part behind #, which browsers don't send"),
    "metadata-2/constructed--host-10.1.2.3.xml": good(F.INTERNAL_ADDRESS, says="inside a company's network"),
    "metadata-2/constructed--host-adfs.contoso.ads.xml": good(),
    "metadata-2/constructed--host-adfs.contoso.home.arpa.xml": good(
        F.INTERNAL_ADDRESS, says="inside a company's network"
    ),
    "metadata-2/constructed--host-adfs.contoso.internal..xml": good(
        F.INTERNAL_ADDRESS, says="inside a company's network"
    ),
    "metadata-2/constructed--host-adfs.contoso.local..xml": good(F.INTERNAL_ADDRESS, says="inside a company's network"),
    "metadata-2/constructed--host-adfs.contoso.local.xml": good(F.INTERNAL_ADDRESS, says="inside a company's network"),
    "metadata-2/constructed--host-adfs.contoso.localdomain.xml": good(
        F.INTERNAL_ADDRESS, says="inside a company's network"
    ),
    "metadata-2/constructed--host-adfs.contoso.private.xml": good(
        F.INTERNAL_ADDRESS, says="inside a company's network"
    ),
    "metadata-2/constructed--host-adfs.contoso.test.xml": good(F.INTERNAL_ADDRESS, says="inside a company's network"),
    "metadata-2/constructed--host-adfs.example.invalid.xml": good(
        F.RESERVED_ADDRESS, says="is an example: its name is reserved"
    ),
    "metadata-2/constructed--host-adfs.intern.xml": good(F.INTERNAL_ADDRESS, says="inside a company's network"),
    "metadata-2/constructed--host-adfs.xml": good(F.INTERNAL_ADDRESS, says="inside a company's network"),
    "metadata-2/constructed--host-fe80__1.xml": good(F.INTERNAL_ADDRESS, says="inside a company's network"),
    "metadata-2/constructed--idn-host.xml": refused(
        P.UNSAFE_ADDRESS, "has letters that an address must write in ASCII (as xn--\u2026 or %\u2026)"
    ),
    "metadata-2/constructed--keyname-only.xml": refused(P.NO_SIGNING_KEY, "Its KeyDescriptor has none in it"),
    "metadata-2/constructed--keyvalue-only.xml": refused(P.NO_SIGNING_KEY, "Its KeyDescriptor has none in it"),
    "metadata-2/constructed--location-newline.xml": good(),
    "metadata-2/constructed--loopback-http.xml": refused(P.UNSAFE_ADDRESS, "leads to the visitor's own computer"),
    "metadata-2/constructed--loopback-https-number.xml": good(
        F.LOOPBACK_ADDRESS, says="leads to the visitor's own computer"
    ),
    "metadata-2/constructed--loopback-https.xml": good(F.LOOPBACK_ADDRESS, says="leads to the visitor's own computer"),
    "metadata-2/constructed--no-scheme.xml": refused(P.UNSAFE_ADDRESS, "is not a web address"),
    "metadata-2/constructed--path-common-not-entra.xml": good(
        F.RESERVED_ADDRESS, says="is an example: its name is reserved"
    ),
    "metadata-2/constructed--post-http-redirect-https.xml": good(
        F.SIGN_IN_ADDRESS_IGNORED, says="because it is not https"
    ),
    "metadata-2/constructed--redirect-http-post-https.xml": good(
        F.SIGN_IN_ADDRESS_IGNORED, says="because it is not https"
    ),
    "metadata-2/constructed--relative.xml": refused(P.UNSAFE_ADDRESS, "is not a web address"),
    "metadata-2/constructed--same-entity-twice.xml": good(F.ENTITY_LISTED_TWICE, says="2 entries for this entityID"),
    "metadata-2/constructed--saml1-then-saml2-role.xml": good(),
    "metadata-2/constructed--simplesign-only.xml": refused(
        P.NO_SIGN_IN_ADDRESS, "This file has no sign-in address (SingleSignOnService by HTTP-Redirect or HTTP-POST)"
    ),
    "metadata-2/constructed--soap-artifact-only.xml": refused(
        P.NO_SIGN_IN_ADDRESS, "This file has no sign-in address (SingleSignOnService by HTTP-Redirect or HTTP-POST)"
    ),
    "metadata-2/constructed--two-idp-roles-one-entity.xml": good(
        F.SECOND_ROLE, says="two identity providers under one entityID"
    ),
    "metadata-2/constructed--uppercase-scheme.xml": good(),
    "metadata-2/constructed--use-Signing-capital.xml": good(),
    "metadata-2/constructed--use-empty.xml": good(),
    "metadata-2/constructed--userinfo.xml": refused(P.UNSAFE_ADDRESS, "has a user name in it"),
    "metadata-2/constructed--validuntil-date-past.xml": good(F.METADATA_EXPIRED, says="valid until 1 January 2020"),
    "metadata-2/constructed--validuntil-garbage.xml": good(
        F.VALID_UNTIL_UNREADABLE, says="\u201csoon\u201d, which is no date"
    ),
    "metadata-2/constructed--validuntil-noz-past.xml": good(F.METADATA_EXPIRED, says="valid until 1 January 2020"),
    "metadata-2/constructed--validuntil-offset-past.xml": good(F.METADATA_EXPIRED, says="valid until 31 December 2019"),
    "metadata-2/constructed--wants-signed-1.xml": good(F.SIGNED_REQUESTS_WANTED, says="asks for signed requests"),
    "metadata-2/constructed--wants-signed-TRUE.xml": good(F.SIGNED_REQUESTS_WANTED, says="asks for signed requests"),
    "metadata-2/constructed--wants-signed-True.xml": good(F.SIGNED_REQUESTS_WANTED, says="asks for signed requests"),
    "metadata-2/constructed--wants-signed-true.xml": good(F.SIGNED_REQUESTS_WANTED, says="asks for signed requests"),
    "metadata-2/constructed--wants-signed-yes.xml": good(
        F.SIGNED_REQUESTS_UNCLEAR, says="\u201cyes\u201d, which means neither"
    ),
    "metadata-2/constructed--xinclude-pi.xml": good(),
    "metadata-2/mistakes--00-good.xml": good(),
    "metadata-2/mistakes--01a-cert.cer-pem": refused(P.CERTIFICATE, "This is the certificate"),
    "metadata-2/mistakes--01b-cert.der": refused(P.CERTIFICATE, "This is the certificate"),
    "metadata-2/mistakes--01c-cert-base64-no-armour.txt": refused(P.CERTIFICATE, "This is the certificate"),
    "metadata-2/mistakes--01d-cert-bag-attributes.pem": refused(P.CERTIFICATE, "This is the certificate"),
    "metadata-2/mistakes--01e-cert-utf16-pem.cer": refused(P.CERTIFICATE, "This is the certificate"),
    "metadata-2/mistakes--01f-cert.p7b": refused(P.CERTIFICATE, "This is the certificate"),
    "metadata-2/mistakes--01g-cert-pem.p7b": refused(P.CERTIFICATE, "This is the certificate"),
    "metadata-2/mistakes--01h-keypair.pfx": refused(P.PRIVATE_KEY, "This file (PKCS #12"),
    "metadata-2/mistakes--01i-private-key.pem": refused(P.PRIVATE_KEY, "This is a private key"),
    "metadata-2/mistakes--01j-thumbprint.txt": refused(P.THUMBPRINT, "This is the thumbprint of a certificate"),
    "metadata-2/mistakes--02a-signin.html": refused(P.WEB_PAGE, "This is a web page"),
    "metadata-2/mistakes--02b-portal-saved-by-chrome.html": refused(P.WEB_PAGE, "This is a web page"),
    "metadata-2/mistakes--02c-xhtml.xml": refused(P.WEB_PAGE, "This is a web page"),
    "metadata-2/mistakes--02d-html-no-doctype-meta.html": refused(P.WEB_PAGE, "This is a web page"),
    "metadata-2/mistakes--02f-403.xml": refused(P.OTHER_XML, "begins with <Error>"),
    "metadata-2/mistakes--02g-script-redirect.html": refused(P.WEB_PAGE, "This is a web page"),
    "metadata-2/mistakes--02h-html-uppercase.html": refused(P.WEB_PAGE, "This is a web page"),
    "metadata-2/mistakes--03a-other-sp.xml": refused(P.SERVICE_PROVIDER, "This file describes a service provider"),
    "metadata-2/mistakes--03b-our-own.xml": refused(P.OUR_OWN, "This is Amplisso's own metadata"),
    "metadata-2/mistakes--03c-our-own-other-org.xml": refused(P.OUR_OWN, "This is Amplisso's own metadata"),
    "metadata-2/mistakes--03d-saml-response.xml": refused(P.OTHER_XML, "begins with <Response>"),
    "metadata-2/mistakes--04a-outfile-utf16le-bom.xml": good(),
    "metadata-2/mistakes--04b-utf16le-nobom.xml": good(),
    "metadata-2/mistakes--04c-utf32le-bom.xml": good(),
    "metadata-2/mistakes--04d-utf7ish-latin1.xml": good(),
    "metadata-2/mistakes--04f-outfile-wrapped-80.xml": refused(
        P.NAMESPACE,
        "The elements of this file are not in the namespace of SAML metadata (urn:oasis:names:tc:SAML:2.0:metadata)",
    ),
    "metadata-2/mistakes--04g-ansi-with-umlaut-declared-utf8.xml": refused(
        P.ENCODING, "The characters of this file can't be read"
    ),
    "metadata-2/mistakes--04h-mojibake-bom.xml": good(),
    "metadata-2/mistakes--04i-mojibake-bom-cp1252bytes.xml": good(),
    "metadata-2/mistakes--05a-smart-quotes.xml": refused(
        P.MALFORMED, "in line 2, near column 22. It has curly quotation marks in it."
    ),
    "metadata-2/mistakes--05b-smart-quotes-one.xml": refused(
        P.MALFORMED, "in line 33, near column 28. It has curly quotation marks in it."
    ),
    "metadata-2/mistakes--05c-word.docx": refused(P.OTHER_FILE, "This is an Office document"),
    "metadata-2/mistakes--05e-word2003.xml": refused(P.OTHER_XML, "begins with <wordDocument>"),
    "metadata-2/mistakes--05f-word-filtered.htm": refused(
        P.WEB_PAGE, "This is a web page or a document that shows the metadata"
    ),
    "metadata-2/mistakes--05g-double-bom.xml": good(),
    "metadata-2/mistakes--05h-odt-flat.doc": refused(P.OTHER_FILE, "This is an Office document"),
    "metadata-2/mistakes--06a.xml.gz": refused(P.OTHER_FILE, "This is a gzip archive"),
    "metadata-2/mistakes--06b.zip": refused(P.OTHER_FILE, "This is a ZIP archive"),
    "metadata-2/mistakes--06c.xml.bz2": refused(P.OTHER_FILE, "This is a bzip2 archive"),
    "metadata-2/mistakes--06d.xml.xz": refused(P.OTHER_FILE, "This is an xz archive"),
    "metadata-2/mistakes--06e.7z": refused(P.OTHER_FILE, "This is a 7-Zip archive"),
    "metadata-2/mistakes--06f.rar": refused(P.OTHER_FILE, "This is a RAR archive"),
    "metadata-2/mistakes--06g-screenshot.jpg": refused(P.OTHER_FILE, "This is a picture"),
    "metadata-2/mistakes--07a-trunc-in-base64.xml": refused(P.INCOMPLETE, "This file is incomplete"),
    "metadata-2/mistakes--07b-trunc-after-closing-tag.xml": refused(P.INCOMPLETE, "This file is incomplete"),
    "metadata-2/mistakes--07c-trunc-in-tag.xml": refused(P.INCOMPLETE, "This file is incomplete"),
    "metadata-2/mistakes--07d-last-char-missing.xml": refused(P.INCOMPLETE, "This file is incomplete"),
    "metadata-2/mistakes--07e-only-declaration.xml": refused(P.EMPTY, "There is nothing in this file"),
    "metadata-2/mistakes--07f-first-bytes-missing.xml": refused(P.MALFORMED, "in line 1, near column 1."),
    "metadata-2/mistakes--07g-empty.xml": refused(P.EMPTY, "This file is empty"),
    "metadata-2/mistakes--07h-only-bom.xml": refused(P.EMPTY, "This file is empty"),
    "metadata-2/mistakes--07j-all-nul.xml": refused(P.EMPTY, "This file is empty"),
    "metadata-2/mistakes--07k-middle-missing.xml": refused(P.MALFORMED, "in line 105, near column 64."),
    "metadata-2/mistakes--08a-glued-two-idps.xml": refused(
        P.SEVERAL_DOCUMENTS, "This file holds two XML documents: a second one begins in line 205."
    ),
    "metadata-2/mistakes--08c-glued-no-decl.xml": refused(
        P.SEVERAL_DOCUMENTS, "This file goes on behind the end of its XML document, in line 203."
    ),
    "metadata-2/mistakes--08d-glued-cert-after.xml": refused(
        P.SEVERAL_DOCUMENTS, "This file goes on behind the end of its XML document, in line 205."
    ),
    "metadata-2/mistakes--08e-glued-cert-before.xml": good(),
    "metadata-2/mistakes--08f-wrapped-by-hand.xml": refused(P.OTHER_XML, "begins with <EntityDescriptors>"),
    "metadata-2/mistakes--09a-oidc.json": refused(P.JSON, "This is an OpenID Connect configuration (JSON)"),
    "metadata-2/mistakes--09b-jwks.json": refused(P.JSON, "This is JSON"),
    "metadata-2/mistakes--09c-json-string-of-xml.txt": refused(P.ENCODED, "encoded as a JSON string on its way"),
    "metadata-2/mistakes--09d-graph-json-array.json": refused(P.JSON, "This is JSON"),
    "metadata-2/mistakes--09e-app-manifest.json": refused(P.JSON, "This is JSON"),
    "metadata-2/mistakes--09g-only-the-url.txt": refused(
        P.ADDRESS, "This is the App Federation Metadata URL of your application"
    ),
    "metadata-2/mistakes--09h-csv.txt": refused(P.OTHER_FILE, "This is not XML"),
    "metadata-2/mistakes--09i-yaml.txt": refused(P.OTHER_FILE, "This is not XML"),
    "metadata-2/mistakes--10a-chrome-copy.txt": good(),
    "metadata-2/mistakes--10b-chrome-copy-pretty.txt": good(),
    "metadata-2/mistakes--10c-firefox-fold-minus.txt": refused(P.MALFORMED, "in line 31, near column 1."),
    "metadata-2/mistakes--10d-edge-arrows.txt": refused(P.MALFORMED, "in line 32, near column 1."),
    "metadata-2/mistakes--10e-viewsource-line-numbers.txt": refused(P.MALFORMED, "in line 2, near column 1."),
    "metadata-2/mistakes--10f-chrome-saved-page.html": refused(
        P.WEB_PAGE, "This is a web page or a document that shows the metadata"
    ),
    "metadata-2/mistakes--10h-escaped-only.txt": refused(
        P.ENCODED, "encoded as HTML (with &lt; in place of <) on its way"
    ),
    "metadata-2/mistakes--10i-collapsed-ellipsis.txt": refused(
        P.UNREADABLE_KEY, "a browser folded it away and shows \u201c...\u201d in its place"
    ),
    "metadata-2/mistakes--10j-german-chrome.txt": good(),
    "metadata-2/mistakes--11a-leading-blank.xml": good(),
    "metadata-2/mistakes--11b-declared-twice.xml": good(),
    "metadata-2/mistakes--11c-declared-twice-oneline.xml": good(),
    "metadata-2/mistakes--11d-comment-then-decl.xml": good(),
    "metadata-2/mistakes--11e-text-then-decl.txt": good(),
    "metadata-2/mistakes--11f-text-then-decl-nodecl.txt": good(),
    "metadata-2/mistakes--11g-markdown-fence.txt": good(),
    "metadata-2/mistakes--11h-quoted-mail.txt": refused(
        P.NAMESPACE,
        "The elements of this file are not in the namespace of SAML metadata (urn:oasis:names:tc:SAML:2.0:metadata)",
    ),
    "metadata-2/mistakes--11i-nbsp-indent.xml": good(),
    "metadata-2/mistakes--11j-nbsp-between-attrs.xml": refused(P.MALFORMED, "in line 3, near column 18."),
    "metadata-2/mistakes--11k-zero-width.xml": good(),
    "metadata-2/mistakes--12a-crlf-base64.xml": good(),
    "metadata-2/mistakes--12b-xD-entity.xml": good(),
    "metadata-2/mistakes--12d-literal-rn.xml": good(),
    "metadata-2/mistakes--12e-quoted-printable.xml": refused(
        P.MALFORMED, "in line 2, near column 22. A mail program has encoded it (quoted-printable)."
    ),
    "metadata-2/mistakes--12f-urlencoded.txt": refused(
        P.ENCODED, "encoded as a part of a web address (with %3C in place of <) on its way"
    ),
    "metadata-2/mistakes--12g-whole-file-base64.txt": refused(P.ENCODED, "encoded as base64 on its way"),
    "metadata-2/mistakes--12h-plus-became-blank.xml": refused(
        P.UNREADABLE_KEY, "it is damaged: a part of its base64 is missing"
    ),
    "metadata-2/mistakes--12i-one-char-lost.xml": refused(P.UNREADABLE_KEY, "it is damaged: a part of it is missing"),
    "metadata-2/mistakes--12j-padding-lost.xml": good(),
    "metadata-2/mistakes--12l-pem-in-cert.xml": good(),
    "metadata-2/mistakes--12m-double-base64.xml": good(),
    "metadata-2/mistakes--12n-lowercased.xml": refused(
        P.UNREADABLE_KEY, "these bytes are no certificate, or no longer one"
    ),
    "metadata-2/mistakes--12o-fancy-dash-armour.xml": good(),
    "metadata-2/mistakes--12p-bad-encsign.xml": refused(P.UNREADABLE_KEY, "it is damaged: a part of it is missing"),
    "metadata-2/mistakes--12q-rsa-key-instead-of-cert.xml": refused(
        P.UNREADABLE_KEY, "it is a bare public key, without the certificate of that key"
    ),
    "metadata-2/mistakes--13a-safelinks.xml": good(F.REWRITTEN_ADDRESS, says="a mail program replaced it"),
    "metadata-2/mistakes--13b-angle-autolink.xml": refused(P.MALFORMED, "in line 198, near column 40."),
    "metadata-2/mistakes--13c-markdown-link.xml": refused(
        P.UNSAFE_ADDRESS, "has been changed: it has a blank or the marks of a link in it"
    ),
    "metadata-2/mistakes--13e-html-amp.xml": refused(P.MALFORMED, "in line 4, near column 36."),
    "metadata-2/mistakes--13f-unescaped-amp.xml": refused(P.MALFORMED, "in line 198, near column 122."),
    "metadata-2/mistakes--13g-spaces-in-location.xml": refused(
        P.UNSAFE_ADDRESS, "has been changed: it has a blank or the marks of a link in it"
    ),
    "metadata/adfs-diogocorrealima.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/adfs-dtuait.xml": good(),
    "metadata/adfs-ezproxy.xml": good(F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"),
    "metadata/adfs-v2.xml": good(F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"),
    "metadata/adfs-v3.xml": good(F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"),
    "metadata/adfs-v4.xml": good(F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"),
    "metadata/aggregate-swamid-test-small.xml": choose("10 identity providers"),
    "metadata/constructed-browser-dashes.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/constructed-certificate-base64-cer.xml": refused(P.CERTIFICATE, "This is the certificate"),
    "metadata/constructed-double-bom.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/constructed-dtd-billion-laughs.xml": refused(
        P.DTD, "This file holds a document type definition (<!DOCTYPE)"
    ),
    "metadata/constructed-dtd-external-entity.xml": refused(
        P.DTD, "This file holds a document type definition (<!DOCTYPE)"
    ),
    "metadata/constructed-duplicate-signing-cert.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/constructed-entityid-with-spaces.xml": good(
        F.ENTITY_ID_TRIMMED, F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/constructed-html-login-page.xml": refused(P.WEB_PAGE, "This is a web page"),
    "metadata/constructed-http-sso-url.xml": refused(P.UNSAFE_ADDRESS, "is not https"),
    "metadata/constructed-internal-sso-url.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, F.ADDRESS_OF_OTHER_PROVIDER, says="is not Microsoft's"
    ),
    "metadata/constructed-javascript-sso-url.xml": refused(P.UNSAFE_ADDRESS, "is not a web address"),
    "metadata/constructed-json-openid-configuration.xml": refused(
        P.JSON, "This is an OpenID Connect configuration (JSON)"
    ),
    "metadata/constructed-leading-blank-line.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/constructed-relative-entityid-empty.xml": refused(
        P.NO_ENTITY_ID, "The identity provider in this file has no entityID"
    ),
    "metadata/constructed-smart-quotes.xml": refused(
        P.MALFORMED, "in line 1, near column 2576. It has curly quotation marks in it."
    ),
    "metadata/constructed-tenant-independent-common.xml": refused(
        P.ENTRA_COMMON, "This is the document for all of Microsoft Entra ID"
    ),
    "metadata/constructed-truncated.xml": refused(P.INCOMPLETE, "This file is incomplete"),
    "metadata/constructed-utf16le-bom.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/constructed-utf16le-declares-utf8.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/entra-01-ssoready.xml": good(F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"),
    "metadata/entra-02-common-tenant-independent-4certs.xml": refused(
        P.ENTRA_COMMON, "This is the document for all of Microsoft Entra ID"
    ),
    "metadata/entra-03-tenant-level-3certs.xml": refused(
        P.ENTRA_TENANT, "This is the document of your whole Microsoft Entra ID"
    ),
    "metadata/entra-05-akashsolanki.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/entra-06-dit-core-prod.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/entra-08-dit-ukef-prod.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/google-01-ssoready.xml": good(),
    "metadata/google-02-two-certs-ggtristams.xml": good(),
    "metadata/google-04-mochetts.xml": good(),
    "metadata/jumpcloud-01-ssoready.xml": good(),
    "metadata/keycloak-01-ssoready.xml": refused(P.UNSAFE_ADDRESS, "leads to the visitor's own computer"),
    "metadata/keycloak-02-gap.xml": good(F.SIGNED_REQUESTS_WANTED, says="asks for signed requests"),
    "metadata/okta-01-ssoready.xml": good(),
    "metadata/okta-02-dit-cirrus.xml": good(),
    "metadata/onelogin-01-akshays94.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/onelogin-02-java-saml.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/quirk-applicationservice-only.xml": refused(P.WS_FEDERATION, "This file describes WS-Federation only"),
    "metadata/quirk-diff-sign-enc-cert.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/quirk-empty-file-pysaml2.xml": refused(P.EMPTY, "This file is empty"),
    "metadata/quirk-entities-empty.xml": refused(P.NO_PROVIDER, "This file is an empty list"),
    "metadata/quirk-entities-three-idps.xml": choose("3 identity providers"),
    "metadata/quirk-expired-validuntil-ssp.xml": good(
        F.METADATA_EXPIRED, F.RESERVED_ADDRESS, says="is an example: its name is reserved"
    ),
    "metadata/quirk-idp-aa-pysaml2.xml": refused(P.WEAK_KEY, "RSA 1024 is too weak"),
    "metadata/quirk-invalid-file-pysaml2.xml": refused(P.OTHER_XML, "begins with <root>"),
    "metadata/quirk-invalid-ssodescriptor.xml": refused(P.SERVICE_PROVIDER, "This file describes a service provider"),
    "metadata/quirk-multi-certs-python3-saml.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, F.CERTIFICATE_WEAK, says="RSA 1024 is too weak"
    ),
    "metadata/quirk-multi-signing-certs-python3-saml.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, F.CERTIFICATE_WEAK, says="RSA 1024 is too weak"
    ),
    "metadata/quirk-multiple-idp-descriptors.xml": choose("2 identity providers"),
    "metadata/quirk-no-entityid.xml": refused(
        P.NAMESPACE,
        "The elements of this file are not in the namespace of SAML metadata (urn:oasis:names:tc:SAML:2.0:metadata)",
    ),
    "metadata/quirk-no-idp-ruby.xml": refused(P.SERVICE_PROVIDER, "This file describes a service provider"),
    "metadata/quirk-no-keydescriptor-sustainsys.xml": refused(P.NO_SIGNING_KEY, "Download the file again"),
    "metadata/quirk-no-use-uiinfo-pysaml2.xml": refused(P.WEAK_KEY, "RSA 1024 is too weak"),
    "metadata/quirk-nobinding.xml": refused(
        P.NAMESPACE,
        "The elements of this file are not in the namespace of SAML metadata (urn:oasis:names:tc:SAML:2.0:metadata)",
    ),
    "metadata/quirk-ruby-idp-descriptor-5.xml": good(
        F.CERTIFICATE_EXPIRED,
        F.NO_CERTIFICATE_VALID_NOW,
        F.RESERVED_ADDRESS,
        F.SIGNED_REQUESTS_WANTED,
        says="asks for signed requests",
    ),
    "metadata/quirk-signed-corrupted-ssp.xml": refused(P.MALFORMED, "in line 6, near column 11."),
    "metadata/quirk-signed-selfsigned-ssp.xml": good(F.RESERVED_ADDRESS, says="is an example: its name is reserved"),
    "metadata/quirk-soap-only-slo-pysaml2.xml": refused(P.WEAK_KEY, "RSA 1024 is too weak"),
    "metadata/quirk-sp-only-aad-windows-ad.xml": refused(P.SERVICE_PROVIDER, "This file describes a service provider"),
    "metadata/quirk-sp-only-entitiesdescriptor.xml": refused(
        P.SERVICE_PROVIDER, "This file describes a service provider"
    ),
    "metadata/quirk-spring-entities-with-sp.xml": good(F.LOOPBACK_ADDRESS, says="leads to the visitor's own computer"),
    "metadata/quirk-ssp-entity-comments.xml": refused(P.NO_SIGNING_KEY, "Download the file again"),
    "metadata/shibboleth-01-samltest.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/shibboleth-02-dotnet.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, says="is valid any more"
    ),
    "metadata/shibboleth-03-ggtristams.xml": refused(
        P.NO_SIGN_IN_ADDRESS, "This file has no sign-in address (SingleSignOnService by HTTP-Redirect or HTTP-POST)"
    ),
    "metadata/simplesamlphp-01-ggtristams.xml": good(),
    "metadata/simplesamlphp-03-feide-java-saml.xml": good(
        F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW, F.CERTIFICATE_WEAK, says="RSA 1024 is too weak"
    ),
    "metadata/unknown-02-udem.xml": good(F.METADATA_EXPIRED, says="valid until 16 November 2024"),
    "metadata/unknown-03-udem-localhost.xml": good(
        F.CERTIFICATE_EXPIRED,
        F.NO_CERTIFICATE_VALID_NOW,
        F.METADATA_EXPIRED,
        F.LOOPBACK_ADDRESS,
        says="leads to the visitor's own computer",
    ),
}
