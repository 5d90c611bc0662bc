"""Write the certificates of Amazon's and Starfield's authorities from a file of all authorities.

    python amazon_roots.py <file of all authorities> <file to write>

AWS serves its endpoints with certificates of these authorities. To read those of all authorities
takes an environment tens of milliseconds at its first call.
"""

import re
import ssl
import sys
from pathlib import Path

ORGANIZATIONS = frozenset({"Amazon", "Starfield Technologies, Inc."})
# Without these, the file would not be what AWS documents (Amazon Trust Services).
EXPECTED = frozenset(
    {
        *(f"Amazon Root CA {number}" for number in range(1, 5)),
        "Starfield Services Root Certificate Authority - G2",
    }
)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----\n", re.DOTALL)


def main(whole: Path, target: Path) -> None:
    """Write the file. Raises SystemExit if an expected authority is missing."""
    roots = roots_in(whole.read_text(encoding="utf-8"))
    if missing := EXPECTED - roots.keys():
        raise SystemExit(f"{whole} must have {', '.join(sorted(missing))}")
    text = "".join(f"# {name}\n{certificate}" for name, certificate in roots.items())
    target.write_text(text, encoding="utf-8")


def roots_in(text: str) -> dict[str, str]:
    """Return the certificates of the organizations in PEM, by the name of the authority."""
    found = {}
    for certificate in _CERTIFICATE.findall(text):
        subject = _subject_of(certificate)
        if subject.get("organizationName") in ORGANIZATIONS:
            name = subject.get("commonName") or subject["organizationalUnitName"]
            found[name] = certificate
    return found


def _subject_of(certificate: str) -> dict[str, str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=certificate)
    [read] = context.get_ca_certs()
    return {name: value for part in read["subject"] for name, value in part}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
