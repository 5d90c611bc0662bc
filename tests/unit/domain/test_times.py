"""Times are accepted in the documented formats, and stored in UTC."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.times import format_time, parse_date, parse_time

moments = st.datetimes(
    min_value=datetime(1, 1, 2, tzinfo=UTC).replace(tzinfo=None),
    max_value=datetime(9999, 12, 30, tzinfo=UTC).replace(tzinfo=None),
    timezones=st.just(UTC),
)


@pytest.mark.parametrize(
    ("sent", "canonical"),
    [
        ("2006-01-23T15:04:05.141Z", "2006-01-23T15:04:05.141Z"),
        ("2006-01-25", "2006-01-25T00:00:00Z"),
        ("2006-01-25 15:04:05", "2006-01-25T15:04:05Z"),
        ("2006-01-25T15:04:05", "2006-01-25T15:04:05Z"),
        ("2006-01-25T18:04:05+03:00", "2006-01-25T15:04:05Z"),
        ("2006-01-25T00:04:05+03:00", "2006-01-24T21:04:05Z"),
        ("2006-01-25t15:04:05z", "2006-01-25T15:04:05Z"),
        ("2006-01-25T15:04:05.100000Z", "2006-01-25T15:04:05.1Z"),
        ("2006-01-25T15:04:05.1234567Z", "2006-01-25T15:04:05.123456Z"),
        ("2006-01-25T15:04:05.123456789Z", "2006-01-25T15:04:05.123456Z"),
        ("2006-01-25T15:04:05.12345678901234567890Z", "2006-01-25T15:04:05.123456Z"),
        ("2006-01-25T18:04:05+0300", "2006-01-25T15:04:05Z"),
        ("2006-01-25T18:04:05.5-0030", "2006-01-25T18:34:05.5Z"),
        ("2006-01-25T15:04:05-00:00", "2006-01-25T15:04:05Z"),
        ("1990-12-31T23:59:60Z", "1991-01-01T00:00:00Z"),
        ("1990-12-31T15:59:60.25-08:00", "1991-01-01T00:00:00.25Z"),
        ("1990-12-31 23:59:60", "1991-01-01T00:00:00Z"),
        (" 2006-01-25 ", "2006-01-25T00:00:00Z"),
    ],
)
def test_the_three_time_formats_are_accepted(sent: str, canonical: str) -> None:
    assert format_time(parse_time(sent)) == canonical


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "yesterday",
        "2006-1-5",
        "20060125",
        "2006-W04-3",
        "2006-02-30",
        "2006-01-25T25:00:00Z",
        "2006-01-25T15:04Z",
        "2006-01-25T15:04:05+03",
        "2006-01-25T15:04:05+03:60",
        "2006-01-25T15:04:05+0360",
        "2006-01-25T15:04:05+99:00",
        "1998-12-31T22:59:60Z",
        "1998-12-31T23:58:60Z",
        "1998-12-31T23:59:61Z",
        "1998-12-31T23:59:60+01:00",
        "9999-12-31T23:59:60Z",
        "2006-01-25T15:04:05.Z",
        "0001-01-01T00:00:00+03:00",
        1137931445,
        None,
        True,
    ],
)
def test_any_other_value_is_rejected_with_the_accepted_form(sent: object) -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        parse_time(sent)


@given(moments)
def test_times_round_trip(moment: datetime) -> None:
    assert parse_time(format_time(moment)) == moment


@given(moments, st.integers(-14, 14))
def test_equal_times_have_the_same_form(moment: datetime, hours: int) -> None:
    elsewhere = moment.astimezone(timezone(timedelta(hours=hours)))
    assert format_time(elsewhere) == format_time(moment)


def test_a_date_without_a_time_of_day_remains_a_date() -> None:
    assert parse_date("2006-01-25") == date(2006, 1, 25)
    assert format_time(date(2006, 1, 25)) == "2006-01-25"
    assert format_time(parse_date("2006-01-25 10:00:00")) == "2006-01-25T10:00:00Z"


@given(st.text())
def test_parsing_raises_no_other_error(sent: str) -> None:
    try:
        assert parse_time(sent).tzinfo is UTC
    except ValueError as error:
        assert "RFC 3339" in str(error)  # noqa: PT017 - only this kind of error may come
