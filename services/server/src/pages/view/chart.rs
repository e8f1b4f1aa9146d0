//! Charts as the server draws them: columns in an SVG with a table of the same
//! numbers beside it, and lists whose lines have a bar.

use std::collections::BTreeMap;

use wire::{customer::v1 as pb, order::v1::MenuItem};

use super::menu::Emoji;

/// The drawing's size, in units of about a pixel on a phone.
const WIDTH: f64 = 336.0;
const HEIGHT: f64 = 96.0;
/// Room for a number above a column.
const TOP: f64 = 20.0;
/// What shows that there is nothing.
const STUB: f64 = 2.0;

/// Columns, left to right.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    pub(crate) title: String,
    /// What is counted, for the table: "drinks".
    pub(crate) unit: &'static str,
    pub(crate) columns: Vec<Column>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    /// In the table: "Monday".
    pub(crate) name: String,
    /// Under the column; empty where there is no room.
    pub(crate) label: String,
    pub(crate) value: i64,
    /// The highest ones say their number.
    pub(crate) highest: bool,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) middle: f64,
}

impl Columns {
    /// Of names, labels and numbers.
    pub(crate) fn new(
        title: impl Into<String>,
        unit: &'static str,
        values: Vec<(String, String, i64)>,
    ) -> Self {
        let most = values.iter().map(|(.., value)| *value).max().unwrap_or_default();
        let slot = WIDTH / f64::from(u32::try_from(values.len().max(1)).unwrap_or(u32::MAX));
        let width = (slot * 0.72).min(34.0);
        let mut left = 0.0;
        let columns = values.into_iter().map(|(name, label, value)| {
            let share = if most > 0 { part(value, most) } else { 0.0 };
            let height = ((HEIGHT - TOP) * share).max(STUB);
            let x = left + (slot - width) / 2.0;
            left += slot;
            Column {
                name,
                label,
                value,
                highest: value > 0 && value == most,
                x: tenth(x),
                y: tenth(HEIGHT - height),
                width: tenth(width),
                height: tenth(height),
                middle: tenth(x + width / 2.0),
            }
        });
        Self { title: title.into(), unit, columns: columns.collect() }
    }

    /// By the day of the week, all seven.
    pub(crate) fn weekdays(title: &str, counts: &[pb::WeekdayCount]) -> Self {
        const NAMES: [&str; 7] =
            ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let count = |weekday: i32| {
            let found = counts.iter().find(|count| count.weekday == weekday);
            found.map_or(0, |count| count.count)
        };
        let values = (1..).zip(NAMES).map(|(weekday, name)| {
            (name.to_owned(), name.chars().take(2).collect(), count(weekday))
        });
        Self::new(title, "drinks", values.collect())
    }

    /// By the hour, from the first to the last with anything, and a few around.
    pub(crate) fn hours(title: &str, counts: &[pb::HourCount]) -> Self {
        let by: BTreeMap<i32, i64> = counts.iter().map(|count| (count.hour, count.count)).collect();
        let first = by.first_key_value().map_or(7, |(hour, _)| (*hour).clamp(0, 7));
        let last = by.last_key_value().map_or(20, |(hour, _)| (*hour).clamp(20, 23));
        let values = (first..=last).map(|hour| {
            let label = if hour % 3 == 0 { hour.to_string() } else { String::new() };
            (format!("{hour}:00"), label, by.get(&hour).copied().unwrap_or_default())
        });
        Self::new(title, "drinks", values.collect())
    }

    /// Where the labels stand.
    pub(crate) fn label_y(&self) -> f64 {
        HEIGHT + 17.0
    }

    /// For the `viewBox`.
    pub(crate) fn view_box(&self) -> String {
        format!("0 0 {WIDTH} {}", HEIGHT + 22.0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.columns.iter().all(|column| column.value == 0)
    }
}

/// A line of a list, with a bar as long as its share of the longest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) emoji: String,
    pub(crate) name: String,
    pub(crate) value: i64,
    pub(crate) percent: i64,
}

/// What the menu calls a drink; what is not on it any more has its slug.
pub(crate) struct Drinks {
    names: BTreeMap<String, String>,
    emoji: Emoji,
}

impl Drinks {
    pub(crate) fn of_menu(items: &[MenuItem]) -> Self {
        let names = items.iter().map(|item| (item.slug.clone(), item.name.clone())).collect();
        Self { names, emoji: Emoji::of_menu(items) }
    }

    /// Drinks by how often they were had, most first; at most so many.
    pub(crate) fn lines<'a>(
        &self,
        counts: impl IntoIterator<Item = (&'a str, i64)>,
        at_most: usize,
    ) -> Vec<Line> {
        let counts: Vec<_> = counts.into_iter().take(at_most).collect();
        let most = counts.iter().map(|(_, count)| *count).max().unwrap_or_default().max(1);
        let line = |(slug, value): (&str, i64)| Line {
            emoji: self.emoji.get(slug),
            name: self.name(slug),
            value,
            percent: 100 * value / most,
        };
        counts.into_iter().map(line).collect()
    }

    fn name(&self, slug: &str) -> String {
        self.names.get(slug).cloned().unwrap_or_else(|| {
            let words = slug.replace('-', " ");
            let mut letters = words.chars();
            letters
                .next()
                .map_or(words.clone(), |first| first.to_uppercase().chain(letters).collect())
        })
    }
}

/// "40 s", "4 min", "1 h 05": how long something took.
pub(crate) fn took(seconds: i64) -> String {
    match seconds.max(0) {
        seconds @ 0..=89 => format!("{seconds} s"),
        seconds @ 90..=5369 => format!("{} min", (seconds + 30) / 60),
        seconds => format!("{} h {:02}", seconds / 3600, seconds % 3600 / 60),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a drawing")]
fn part(value: i64, most: i64) -> f64 {
    value as f64 / most as f64
}

fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_column_reaches_the_top_and_nothing_is_a_stub() {
        let counts = [(1, 4), (3, 2)].map(|(weekday, count)| pb::WeekdayCount { weekday, count });
        let chart = Columns::weekdays("When", &counts);
        let columns = &chart.columns;
        assert_eq!(columns.len(), 7);
        assert_eq!((columns[0].y, columns[0].height, columns[0].highest), (20.0, 76.0, true));
        assert_eq!((columns[2].height, columns[2].highest), (38.0, false));
        assert_eq!((columns[6].height, columns[6].highest), (2.0, false));
        assert_eq!(columns[6].label, "Su");
        assert!(columns.iter().all(|column| column.x + column.width <= 336.0));
        assert!(Columns::weekdays("When", &[]).is_empty() && !chart.is_empty());
    }

    #[test]
    fn the_night_is_shown_only_where_somebody_was_up() {
        let hours = |counts: &[(i32, i64)]| {
            let counts: Vec<_> =
                counts.iter().map(|&(hour, count)| pb::HourCount { hour, count }).collect();
            let columns = Columns::hours("When", &counts).columns;
            (columns[0].name.clone(), columns[columns.len() - 1].name.clone())
        };
        assert_eq!(hours(&[(9, 1)]), ("7:00".to_owned(), "20:00".to_owned()));
        assert_eq!(hours(&[(2, 1), (23, 1)]), ("2:00".to_owned(), "23:00".to_owned()));
    }

    #[test]
    fn a_drink_that_left_the_menu_still_has_a_name() {
        let drinks = Drinks::of_menu(&[]);
        let lines = drinks.lines([("flat-white", 4), ("chai", 1), ("mocha", 1)], 2);
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].name.as_str(), lines[0].percent), ("Flat white", 100));
        assert_eq!(lines[1].percent, 25);
    }

    #[test]
    fn times_are_said_in_what_they_are_long_in() {
        for (seconds, says) in [
            (-3, "0 s"),
            (40, "40 s"),
            (90, "2 min"),
            (250, "4 min"),
            (3900, "65 min"),
            (7500, "2 h 05"),
        ] {
            assert_eq!(took(seconds), says);
        }
    }
}
