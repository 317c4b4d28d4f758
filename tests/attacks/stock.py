"""python3-saml as it comes, and xmlsec alone, in a process that has never imported anything of ours.

Reads one JSON object a line: the form field and whom it is for. Writes one a line: what each has against it.
"""

from __future__ import annotations

import base64
import json
import sys
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import time_machine
import xmlsec
from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

DS = "{http://www.w3.org/2000/09/xmldsig#}"


def toolkit_complaint(question: dict[str, Any]) -> str:
    """What python3-saml says, strict, with its own clock at the moment of the question."""
    acs = urlsplit(question["acs"])
    settings = OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {"entityId": question["entity_id"], "assertionConsumerService": {"url": question["acs"]}},
            "idp": {
                "entityId": question["issuer"],
                "singleSignOnService": {"url": "https://idp.invalid/"},
                "x509certMulti": {"signing": [question["certificate"]]},
            },
            "security": {
                "rejectDeprecatedAlgorithm": True,
                "allowRepeatAttributeName": True,
                "wantAttributeStatement": False,
            },
        }
    )
    request = {"https": "on", "http_host": acs.netloc, "script_name": acs.path}
    try:
        response = OneLogin_Saml2_Response(settings, question["encoded"])
        response.is_valid(request, question["request_id"], raise_exceptions=True)
    except Exception as error:  # noqa: BLE001 - it raises many kinds
        return str(error) or type(error).__name__
    return ""


def xmlsec_complaint(question: dict[str, Any]) -> str:
    """Whether each signature of the document verifies, by the one key and nothing else."""
    root = etree.fromstring(base64.b64decode(question["encoded"]))
    xmlsec.tree.add_ids(root, ["ID"])
    signatures = list(root.iter(DS + "Signature"))
    for signature in signatures:
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(question["certificate"], xmlsec.constants.KeyDataFormatCertPem)
        try:
            context.verify(signature)
        except xmlsec.Error as error:
            return str(error)
    return "" if signatures else "no signature"


def main() -> None:
    """SamlResponse every line."""
    for line in sys.stdin:
        question = json.loads(line)
        with time_machine.travel(datetime.fromisoformat(question["now"]), tick=False):
            answer = [toolkit_complaint(question), xmlsec_complaint(question)]
        sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
