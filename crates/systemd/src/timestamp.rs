//! Moments as `systemctl show --timestamp=us+utc` prints them: `Fri 2026-11-20 12:43:10.336484 UTC`.

use oneshot::clock::days;
use oneshot::resolve::Moment;

/// Microseconds since 1970; `None` for anything else, the empty text of "never" included.
pub(crate) fn parse(text: &str) -> Option<Moment> {
    let mut words = text.split_ascii_whitespace().skip(1);
    let (date, clock, zone) = (words.next()?, words.next()?, words.next()?);
    if zone != "UTC" {
        return None;
    }
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let mut clock = clock.splitn(3, ':');
    let (hour, minute, second) = (clock.next()?, clock.next()?, clock.next()?);
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    let (hour, minute, second) =
        (hour.parse::<i64>().ok()?, minute.parse::<i64>().ok()?, second.parse::<i64>().ok()?);
    let micros = format!("{fraction:0<6}").get(..6)?.parse::<i64>().ok()?;
    let is_real = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    is_real.then_some(seconds * 1_000_000 + micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_counted_from_1970() {
        for (text, moment) in [
            ("Thu 1970-01-01 00:00:00 UTC", Some(0)),
            ("Fri 2026-11-20 12:43:10.336484 UTC", Some(1_795_178_590_336_484)),
            ("Thu 2024-02-29 23:59:59.5 UTC", Some(1_709_251_199_500_000)),
            ("Sat 2000-03-01 00:00:00.000001 UTC", Some(951_868_800_000_001)),
        ] {
            assert_eq!(parse(text), moment, "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "n/a",
            "Fri 2026-11-20 12:43:10 CET",
            "Fri 2026-13-20 12:43:10 UTC",
            "a b c UTC",
            "x 1-2 3 UTC",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
