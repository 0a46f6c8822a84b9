//! Dates, computed: the generator never looks at a clock.

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment in a time zone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Seconds since 1970-01-01 UTC.
    pub(crate) unix: i64,
    /// Minutes east of UTC.
    pub(crate) zone: i64,
}

impl Moment {
    /// The same moment elsewhere.
    pub(crate) fn in_zone(self, zone: i64) -> Self {
        Self { zone, ..self }
    }

    /// Some seconds later, or earlier if negative.
    pub(crate) fn plus(self, seconds: i64) -> Self {
        Self { unix: self.unix + seconds, ..self }
    }

    /// `Fri, 25 Apr 2025 09:24:00 +0200` (RFC 5322, section 3.3).
    pub(crate) fn rfc5322(self) -> String {
        let (year, month, day) = self.civil();
        let sign = if self.zone < 0 { '-' } else { '+' };
        let zone = self.zone.abs();
        format!(
            "{}, {day} {} {year} {} {sign}{:02}{:02}",
            self.weekday(),
            MONTHS[month - 1],
            self.clock(),
            zone / 60,
            zone % 60
        )
    }

    /// `Fri, Apr 25, 2025`, as people and their programs write it in texts.
    pub(crate) fn in_words(self) -> String {
        let (year, month, day) = self.civil();
        format!("{}, {} {day}, {year}", self.weekday(), MONTHS[month - 1])
    }

    /// `20250425T092400Z`, as calendars have it; of a moment in UTC.
    pub(crate) fn basic(self) -> String {
        let (year, month, day) = self.civil();
        format!("{year:04}{month:02}{day:02}T{}Z", self.clock().replace(':', ""))
    }

    /// `09:24:00`.
    pub(crate) fn clock(self) -> String {
        let second = self.local().rem_euclid(86_400);
        format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
    }

    fn local(self) -> i64 {
        self.unix + self.zone * 60
    }

    fn weekday(self) -> &'static str {
        WEEKDAYS[self.local().div_euclid(86_400).rem_euclid(7) as usize]
    }

    /// Year, month from 1, day from 1 (Howard Hinnant, "chrono-compatible low-level date
    /// algorithms", `civil_from_days`).
    fn civil(self) -> (i64, usize, i64) {
        let days = self.local().div_euclid(86_400) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        (year, month as usize, of_year - (153 * shifted + 2) / 5 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let at = |unix, zone| Moment { unix, zone }.rfc5322();
        assert_eq!(at(0, 0), "Thu, 1 Jan 1970 00:00:00 +0000");
        assert_eq!(at(1_745_573_040, 120), "Fri, 25 Apr 2025 11:24:00 +0200");
        assert_eq!(at(1_709_164_799, -330), "Wed, 28 Feb 2024 18:29:59 -0530");
        assert_eq!(at(951_782_400, 0), "Tue, 29 Feb 2000 00:00:00 +0000");
    }
}
