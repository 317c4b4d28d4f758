"""What a signature may ask xmlsec to do, looked at once more before xmlsec sees it.

xmlsec runs the transforms of a signature before it verifies the signature's value, so that a few kilobytes can cost
minutes or gigabytes (python3-saml, advisory GHSA-8mmq-f9vf-8fg2). signed_info.py has refused such messages long before.
These limits are written in other words than that list, so that a mistake in one of the two costs nothing.
"""

from lxml import etree

from sso.saml.names import DS

_MAX_SIGNATURES = 2
_MAX_PREFIXES_LENGTH = 1024
_TRANSFORMS = {
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
}


def excess(document: etree._Element) -> str:
    """Return what in the signatures of a document could cost xmlsec time, "" if nothing."""
    signatures = list(document.iter(DS + "Signature"))
    if len(signatures) > _MAX_SIGNATURES:
        return f"{len(signatures)} signatures"
    return next(filter(None, map(_excess, signatures)), "")


def _excess(signature: etree._Element) -> str:
    transforms = [each.get("Algorithm", "") for each in signature.iter(DS + "Transform")]
    if len(list(signature.iter(DS + "Reference"))) > 1:
        return "several references"
    if not _TRANSFORMS.issuperset(transforms) or len(set(transforms)) != len(transforms):
        return "transforms that SAML has no use for"
    if sum(len(each.get("PrefixList", "")) for each in signature.iter("{*}InclusiveNamespaces")) > _MAX_PREFIXES_LENGTH:
        return "long lists of prefixes"
    return ""
