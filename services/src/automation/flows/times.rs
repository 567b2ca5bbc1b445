//! The times of a schedule.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use triptych_entities::relational::automation::schedule::Missed;

use crate::automation::integrations::Times;

/// Lateness from which a time counts as missed. Every time that passed during a shorter interruption, such as a restart,
/// is run.
const MISSED_AFTER: TimeDelta = TimeDelta::minutes(1);
/// Times that are planned at once.
const MOST: usize = 100;

/// What is to be planned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// The times for which the flow runs, in order.
    pub(super) times: Vec<DateTime<Utc>>,
    /// The first time after them; `None` if no time is left.
    pub(super) next: Option<DateTime<Utc>>,
}

impl Times {
    /// The first time of a schedule that is published now: an interval begins with it.
    pub(super) fn first(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.cron.is_some() { self.after(now) } else { Some(now) }
    }

    /// Plans the times from `next`, the first that is not planned, until `until`. Missed ones are run once, or skipped.
    pub(super) fn plan(&self, next: DateTime<Utc>, now: DateTime<Utc>, until: DateTime<Utc>) -> Plan {
        let mut times = Vec::new();
        let mut time = self.at_or_after(next);
        let punctual = now - MISSED_AFTER;
        if let Some(first) = time.filter(|first| *first < punctual) {
            let last = self.last_before(first, punctual);
            if self.missed == Missed::RunOnce {
                times.push(last);
            }
            time = self.after(last);
        }
        while let Some(due) = time.filter(|due| *due <= until && times.len() < MOST) {
            times.push(due);
            time = self.after(due);
        }
        Plan { times, next: time }
    }

    fn at_or_after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.cron.is_some() { self.after(time - TimeDelta::seconds(1)) } else { Some(time) }
    }

    /// The next time after one of the times; for a cron expression, after any time.
    fn after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.cron() {
            Some((cron, zone)) => {
                let next = cron.find_next_occurrence(&time.with_timezone(&zone), false).ok()?;
                Some(next.with_timezone(&Utc)).filter(|next| *next > time)
            }
            None => time.checked_add_signed(self.interval()?),
        }
    }

    /// The last of the times from `first` that is before `end`.
    fn last_before(&self, first: DateTime<Utc>, end: DateTime<Utc>) -> DateTime<Utc> {
        let last = if let Some((cron, zone)) = self.cron() {
            let last = cron.find_previous_occurrence(&end.with_timezone(&zone), false);
            last.map_or(first, |last| last.with_timezone(&Utc))
        } else {
            let every = self.interval().map_or(1, |every| every.num_seconds()).max(1);
            let whole = ((end - first).num_milliseconds() - 1).max(0) / 1000 / every;
            first + TimeDelta::seconds(whole * every)
        };
        last.max(first)
    }

    fn cron(&self) -> Option<(croner::Cron, Tz)> {
        let cron = self.cron.as_deref()?.parse().ok()?;
        Some((cron, self.timezone.parse().unwrap_or(Tz::UTC)))
    }

    fn interval(&self) -> Option<TimeDelta> {
        self.every_seconds.map(|seconds| TimeDelta::seconds(seconds.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn every(seconds: i32, missed: Missed) -> Times {
        Times { cron: None, every_seconds: Some(seconds), timezone: "UTC".to_owned(), missed }
    }

    fn cron(expression: &str, timezone: &str) -> Times {
        let cron = Some(expression.to_owned());
        Times { cron, every_seconds: None, timezone: timezone.to_owned(), missed: Missed::RunOnce }
    }

    fn plan(times: &Times, next: &str, now: &str) -> (Vec<String>, Option<String>) {
        let short = |time: DateTime<Utc>| time.format("%d %H:%M:%S").to_string();
        let now = at(now);
        let plan = times.plan(at(next), now, now + TimeDelta::seconds(2));
        (plan.times.into_iter().map(short).collect(), plan.next.map(short))
    }

    #[test]
    fn times_are_planned_shortly_before_they_are_due() {
        let hourly = every(3600, Missed::RunOnce);
        let (none, next) = plan(&hourly, "2026-03-01T10:00:00Z", "2026-03-01T09:59:57Z");
        assert_eq!((none, next.unwrap().as_str()), (vec![], "01 10:00:00"));
        let (one, next) = plan(&hourly, "2026-03-01T10:00:00Z", "2026-03-01T09:59:58Z");
        assert_eq!((one, next.unwrap().as_str()), (vec!["01 10:00:00".to_owned()], "01 11:00:00"));
    }

    #[test]
    fn a_short_interruption_loses_no_time() {
        let (times, next) = plan(&every(20, Missed::Skip), "2026-03-01T10:00:00Z", "2026-03-01T10:00:50Z");
        assert_eq!(times, ["01 10:00:00", "01 10:00:20", "01 10:00:40"]);
        assert_eq!(next.unwrap(), "01 10:01:00");
    }

    #[test]
    fn missed_times_are_run_once_or_skipped() {
        let (next, now) = ("2026-03-01T10:00:00Z", "2026-03-01T15:30:00Z");
        let (once, after) = plan(&every(3600, Missed::RunOnce), next, now);
        assert_eq!((once, after.unwrap().as_str()), (vec!["01 15:00:00".to_owned()], "01 16:00:00"));
        let (skipped, after) = plan(&every(3600, Missed::Skip), next, now);
        assert_eq!((skipped, after.unwrap().as_str()), (vec![], "01 16:00:00"));
        let (once, after) =
            plan(&cron("0 9 * * *", "Europe/Berlin"), "2026-03-01T08:00:00Z", "2026-03-05T12:00:00Z");
        assert_eq!((once, after.unwrap().as_str()), (vec!["05 08:00:00".to_owned()], "06 08:00:00"));
    }

    #[test]
    fn a_long_outage_of_a_frequent_schedule_is_bounded() {
        let (times, _) = plan(&every(1, Missed::RunOnce), "2020-01-01T00:00:00Z", "2026-03-01T15:30:00Z");
        assert_eq!((times.len(), times[0].as_str()), (64, "01 15:28:59"));
        assert_eq!(times[63], "01 15:30:02");
    }

    #[test]
    fn the_hours_of_a_time_zone_change_with_it() {
        let nine = cron("0 9 * * *", "Europe/Berlin");
        assert_eq!(nine.after(at("2026-03-28T08:00:00Z")), Some(at("2026-03-29T07:00:00Z")));
        assert_eq!(nine.first(at("2026-03-28T07:59:59.5Z")), Some(at("2026-03-28T08:00:00Z")));
    }

    #[test]
    fn a_schedule_without_a_further_time_ends() {
        assert_eq!(cron("0 0 30 2 *", "UTC").first(at("2026-03-01T00:00:00Z")), None);
    }
}
