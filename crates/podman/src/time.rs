//! RFC 3339, as podman's JSON has it: `2026-11-20T08:29:52.253758016Z`, `…+08:00`, and the year 1 for "never".

use oneshot::clock::days;

/// A moment of the wall clock in µs since 1970; `None` for "never" and for what is no moment.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let (year, month, day) = three(date, '-')?;
    let zone = rest.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = rest.split_at_checked(zone)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let (hour, minute, second) = three(clock, ':')?;
    // The year 1 is Go's zero time.
    if year <= 1 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..=60).contains(&second) {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset(zone)?;
    Some(seconds * 1_000_000 + micros(fraction)?)
}

fn three(text: &str, separator: char) -> Option<(i64, i64, i64)> {
    let mut parts = text.splitn(3, separator).map(digits);
    Some((parts.next()??, parts.next()??, parts.next()??))
}

/// At most nine digits and nothing else, so that nothing below can overflow.
fn digits(text: &str) -> Option<i64> {
    let is_number = !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn micros(fraction: &str) -> Option<i64> {
    if fraction.is_empty() {
        return Some(0);
    }
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let first: String = fraction.chars().chain("000000".chars()).take(6).collect();
    first.parse().ok()
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    Some(sign * (digits(hours)? * 3600 + digits(minutes)? * 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use oneshot::clock::date;

    #[test]
    fn moments_of_every_zone_are_the_same_moment() {
        let moment = Some(1_795_163_392_253_758);
        for text in [
            "2026-11-20T08:29:52.253758016Z",
            "2026-11-20T16:29:52.253758+08:00",
            "2026-11-20T04:59:52.2537580-03:30",
        ] {
            assert_eq!(parse(text), moment, "{text}");
        }
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2000-03-01T00:00:00Z"), Some(951_868_800_000_000));
        assert_eq!(parse("2024-02-29T00:00:00.5Z"), Some(1_709_164_800_500_000));
    }

    #[test]
    fn a_moment_has_its_day_again() {
        for day in ["1970-01-01", "1969-12-31", "2000-02-29", "2024-12-31", "2026-11-20", "2100-03-01"] {
            let noon = parse(&format!("{day}T12:00:00Z"));
            assert_eq!(noon.map(date).as_deref(), Some(day));
        }
    }

    #[test]
    fn never_and_nonsense_are_none() {
        for text in [
            "0001-01-01T00:00:00Z",
            "",
            "now",
            "2026-11-20",
            "2026-13-20T00:00:00Z",
            "2026-11-20T24:00:00Z",
            "2026-11-20T00:00:00",
            "2026-11-20T00:00:00.x0Z",
            "99999999999-11-20T00:00:00Z",
            "2026-11-20T00:00:00+é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
