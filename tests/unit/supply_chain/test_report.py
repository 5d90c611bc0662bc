from supply_chain.report import AuditReport, Vulnerability

CLEAN = {"name": "six", "version": "1.17.0", "vulns": []}
WEAK = {
    "name": "urllib3",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1", "2.0"]}, {"id": "X", "fix_versions": []}],
}
UNKNOWN = {"name": "orjson", "skip_reason": "not found"}


def test_every_vulnerability_is_told_with_what_mends_it() -> None:
    report = AuditReport.read({"dependencies": [CLEAN, WEAK]})
    assert report.vulnerabilities == (
        Vulnerability("urllib3", "1.0", "PYSEC-1", ("1.1", "2.0")),
        Vulnerability("urllib3", "1.0", "X", ()),
    )
    assert list(map(str, report.vulnerabilities)) == [
        "urllib3 1.0: PYSEC-1; mended in 1.1, 2.0",
        "urllib3 1.0: X; mended in no version yet",
    ]
    assert report.is_complete


def test_what_was_not_audited_is_not_called_clean() -> None:
    report = AuditReport.read({"dependencies": [CLEAN, UNKNOWN]})
    assert (report.audited, report.unknown, report.is_complete) == (1, ("orjson",), False)
    assert not AuditReport.read({"dependencies": []}).is_complete
