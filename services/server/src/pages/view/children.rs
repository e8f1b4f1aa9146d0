//! Children's limits, and what must not be in somebody's cup, as pages show and
//! change them.

use std::collections::BTreeSet;

use wire::{customer::v1 as customer, order::v1 as pb};

use super::{Errors, count, menu::Emoji};
use crate::api::dto::diner::{clock, minute};

/// What a child had today, and what its limits leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DayView {
    /// "1 of 2 drinks today"
    pub(crate) drinks: String,
    /// "65 of 100 mg of caffeine"
    pub(crate) caffeine: String,
    /// "no caffeine after 15:00"; empty: nothing is said.
    pub(crate) decaf: String,
}

impl DayView {
    /// None for an adult, whose day nobody counts.
    pub(crate) fn new(day: &pb::Day) -> Option<Self> {
        let pb::Day { drinks, caffeine_mg, most_drinks, most_caffeine_mg, decaf_after, child } =
            day;
        child.then(|| Self {
            drinks: match most_drinks {
                Some(most) => format!("{drinks} of {most} drinks today"),
                None => format!(
                    "{} today",
                    count(usize::try_from(*drinks).unwrap_or_default(), "drink", "drinks")
                ),
            },
            caffeine: match most_caffeine_mg {
                Some(most) => format!("{caffeine_mg} of {most} mg of caffeine"),
                None => format!("{caffeine_mg} mg of caffeine"),
            },
            decaf: decaf_after.map(|at| format!("none after {}", clock(at))).unwrap_or_default(),
        })
    }
}

/// An item of the menu that may be allowed or not.
#[derive(Debug, Clone)]
pub(crate) struct Allowed {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) emoji: String,
    pub(crate) ticked: bool,
}

/// A child's limits in a form; empty: no limit.
#[derive(Debug, Clone, Default)]
pub(crate) struct LimitsForm {
    pub(crate) drinks: String,
    pub(crate) caffeine: String,
    /// "15:00"
    pub(crate) decaf_after: String,
    /// Only what is ticked.
    pub(crate) only: bool,
    pub(crate) items: Vec<Allowed>,
    pub(crate) errors: Errors,
}

impl LimitsForm {
    /// As they are.
    pub(crate) fn of(limits: &customer::Limits, menu: &pb::Menu) -> Self {
        let customer::Limits { drinks, caffeine_mg, decaf_after, only } = limits;
        let number = |value: &Option<i32>| value.map(|it| it.to_string()).unwrap_or_default();
        let allowed: Option<BTreeSet<&str>> =
            only.as_ref().map(|only| only.slugs.iter().map(String::as_str).collect());
        Self {
            drinks: number(drinks),
            caffeine: number(caffeine_mg),
            decaf_after: decaf_after.map(clock).unwrap_or_default(),
            only: allowed.is_some(),
            items: items(menu, |slug| allowed.as_ref().is_none_or(|all| all.contains(slug))),
            errors: Errors::default(),
        }
    }

    /// As they were typed, and refused.
    pub(crate) fn refused(fields: &[(String, String)], menu: &pb::Menu, errors: Errors) -> Self {
        Self {
            drinks: value(fields, "drinks"),
            caffeine: value(fields, "caffeine"),
            decaf_after: value(fields, "decaf"),
            only: value(fields, "only") == "yes",
            items: items(menu, |slug| has(fields, "items", slug)),
            errors,
        }
    }

    /// What a form says, or what of it is no number or no time.
    pub(crate) fn typed(fields: &[(String, String)]) -> Result<customer::Limits, Errors> {
        let mut errors = Errors::default();
        let mut number = |name: &str| {
            let text = value(fields, name);
            let parsed = if text.is_empty() { Ok(None) } else { text.parse().map(Some) };
            parsed.unwrap_or_else(|_| {
                errors.add(&format!("/{name}"), "A whole number, or nothing.");
                None
            })
        };
        let (drinks, caffeine_mg) = (number("drinks"), number("caffeine"));
        let decaf = value(fields, "decaf");
        // Some browsers send seconds along.
        let decaf_after = minute(decaf.get(..5).unwrap_or(&decaf));
        if decaf_after.is_none() && !decaf.is_empty() {
            errors.add("/decaf", "A time such as 15:00, or nothing.");
        }
        let only = (value(fields, "only") == "yes").then(|| customer::Slugs {
            slugs: fields
                .iter()
                .filter(|(name, _)| name == "items")
                .map(|(_, slug)| slug.clone())
                .collect(),
        });
        if errors.is_empty() {
            Ok(customer::Limits { drinks, caffeine_mg, decaf_after, only })
        } else {
            Err(errors)
        }
    }
}

fn items(menu: &pb::Menu, ticked: impl Fn(&str) -> bool) -> Vec<Allowed> {
    let emoji = Emoji::of_menu(&menu.items);
    let allowed = |item: &pb::MenuItem| Allowed {
        slug: item.slug.clone(),
        name: item.name.clone(),
        emoji: emoji.get(&item.slug),
        ticked: ticked(&item.slug),
    };
    menu.items.iter().map(allowed).collect()
}

fn value(fields: &[(String, String)], wanted: &str) -> String {
    let found = fields.iter().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

fn has(fields: &[(String, String)], wanted: &str, value: &str) -> bool {
    fields.iter().any(|(name, it)| name == wanted && it == value)
}

/// What must not be in somebody's cup, in a form.
#[derive(Debug, Clone, Default)]
pub(crate) struct DietForm {
    /// Where it is sent.
    pub(crate) action: String,
    /// Each allergen that the menu knows, and whether it is avoided.
    pub(crate) allergens: Vec<(String, bool)>,
    pub(crate) vegan: bool,
    pub(crate) errors: Errors,
}

impl DietForm {
    pub(crate) fn new(
        action: String,
        diet: &customer::Diet,
        menu: &pb::Menu,
        errors: Errors,
    ) -> Self {
        let customer::Diet { avoids, vegan } = diet;
        let of_item = |item: &pb::MenuItem| {
            let choices = item.milks.iter().chain(&item.extras);
            let theirs = choices.flat_map(|choice| choice.allergens.clone());
            item.allergens.iter().cloned().chain(theirs).collect::<Vec<_>>()
        };
        // What is avoided stays on the form, also when nothing on the menu holds it.
        let known: BTreeSet<String> =
            menu.items.iter().flat_map(of_item).chain(avoids.iter().cloned()).collect();
        let allergens = known.into_iter().map(|it| {
            let avoided = avoids.contains(&it);
            (it, avoided)
        });
        Self { action, allergens: allergens.collect(), vegan: *vegan, errors }
    }

    /// Whether anything must not be.
    pub(crate) fn has_any(&self) -> bool {
        self.vegan || self.allergens.iter().any(|(_, avoided)| *avoided)
    }

    /// What a form says.
    pub(crate) fn typed(fields: &[(String, String)]) -> customer::Diet {
        let avoids = fields.iter().filter(|(name, _)| name == "avoids");
        customer::Diet {
            avoids: avoids.map(|(_, allergen)| allergen.clone()).collect(),
            vegan: has(fields, "vegan", "yes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn empty_fields_are_no_limits_and_nonsense_is_named() {
        let none = LimitsForm::typed(&fields(&[("drinks", ""), ("decaf", " ")])).unwrap();
        assert_eq!(none, customer::Limits::default());
        let typed = [
            ("drinks", "2"),
            ("caffeine", "100"),
            ("decaf", "15:00:00"),
            ("only", "yes"),
            ("items", "cocoa"),
        ];
        let limits = LimitsForm::typed(&fields(&typed)).unwrap();
        assert_eq!((limits.drinks, limits.caffeine_mg), (Some(2), Some(100)));
        assert_eq!(limits.decaf_after, Some(900));
        assert_eq!(limits.only.unwrap().slugs, ["cocoa"]);
        let wrong = [("drinks", "two"), ("decaf", "tea time")];
        let errors = LimitsForm::typed(&fields(&wrong)).unwrap_err();
        assert!(errors.has("drinks") && errors.has("decaf") && !errors.has("caffeine"));
        // What is ticked counts only where only that is allowed.
        let all = LimitsForm::typed(&fields(&[("items", "cocoa")])).unwrap();
        assert_eq!(all.only, None);
    }

    #[test]
    fn a_day_is_told_for_a_child_alone() {
        let day = pb::Day { drinks: 1, caffeine_mg: 65, child: true, ..pb::Day::default() };
        let free = DayView::new(&day).unwrap();
        assert_eq!((free.drinks.as_str(), free.decaf.as_str()), ("1 drink today", ""));
        let limits = pb::Day {
            most_drinks: Some(2),
            most_caffeine_mg: Some(100),
            decaf_after: Some(900),
            ..day
        };
        let shown = DayView::new(&limits).unwrap();
        assert_eq!(shown.drinks, "1 of 2 drinks today");
        assert_eq!(shown.caffeine, "65 of 100 mg of caffeine");
        assert_eq!(shown.decaf, "none after 15:00");
        assert_eq!(DayView::new(&pb::Day { child: false, ..limits }), None);
    }
}
