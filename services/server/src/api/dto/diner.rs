//! What somebody may be served, in JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::customer::v1 as pb;

use crate::problem::Problem;

/// A member, as far as serving them must know.
#[derive(Debug, Serialize, ToSchema)]
pub struct Diner {
    #[schema(example = "mem_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// A child's; absent for an adult.
    pub limits: Option<Limits>,
    pub diet: Diet,
}

/// What a child may have on one day; what is left out has no limit.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    #[schema(maximum = 50)]
    pub drinks: Option<u16>,
    #[schema(maximum = 2000)]
    pub caffeine_mg: Option<u16>,
    /// By the family's clock; from then on no caffeine.
    #[schema(example = "15:00")]
    pub decaf_after: Option<String>,
    /// Slugs of the only items that are allowed.
    #[schema(max_items = 200)]
    pub only: Option<Vec<String>>,
}

/// What must not be in somebody's cup.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Diet {
    /// Allergens as the menu names them.
    #[schema(example = json!(["nuts"]))]
    pub avoids: Vec<String>,
    /// Nothing of animals, as far as allergens tell.
    pub vegan: bool,
}

/// A child's limits from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLimits {
    pub limits: Limits,
}

/// What must not be in somebody's cup from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDiet {
    pub diet: Diet,
}

impl Limits {
    /// For the wire; a time that is none is named.
    pub(crate) fn wire(self) -> Result<pb::Limits, Problem> {
        let Self { drinks, caffeine_mg, decaf_after, only } = self;
        let wrong = || {
            let says = "a time of the day, \"15:00\"";
            Problem::invalid("/limits/decaf_after", "malformed", says)
        };
        let decaf_after = decaf_after.map(|text| minute(&text).ok_or_else(wrong)).transpose()?;
        Ok(pb::Limits {
            drinks: drinks.map(i32::from),
            caffeine_mg: caffeine_mg.map(i32::from),
            decaf_after,
            only: only.map(|slugs| pb::Slugs { slugs }),
        })
    }
}

/// "15:00" → 900.
pub(crate) fn minute(text: &str) -> Option<i32> {
    let (hours, minutes) = text.split_once(':')?;
    let part = |text: &str, most: i32| {
        let digits = text.len() == 2 && text.bytes().all(|it| it.is_ascii_digit());
        text.parse::<i32>().ok().filter(|value| digits && *value <= most)
    };
    Some(part(hours, 23)? * 60 + part(minutes, 59)?)
}

/// 900 → "15:00".
pub(crate) fn clock(minute: i32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

impl From<Diet> for pb::Diet {
    fn from(diet: Diet) -> Self {
        let Diet { avoids, vegan } = diet;
        Self { avoids, vegan }
    }
}

impl From<pb::Diner> for Diner {
    fn from(diner: pb::Diner) -> Self {
        let pb::Diner { member_id, kind: _, guardian_ids: _, limits, diet } = diner;
        let pb::Diet { avoids, vegan } = diet.unwrap_or_default();
        let limits = limits.map(|pb::Limits { drinks, caffeine_mg, decaf_after, only }| Limits {
            drinks: drinks.and_then(|most| most.try_into().ok()),
            caffeine_mg: caffeine_mg.and_then(|most| most.try_into().ok()),
            decaf_after: decaf_after.map(clock),
            only: only.map(|pb::Slugs { slugs }| slugs),
        });
        Self { id: member_id, limits, diet: Diet { avoids, vegan } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_the_day_reads_back_and_nonsense_does_not() {
        for text in ["00:00", "09:05", "15:00", "23:59"] {
            assert_eq!(minute(text).map(clock).as_deref(), Some(text));
        }
        for text in ["", "15", "24:00", "12:60", "1:00", "+1:00", "15:0x", "15:00:00"] {
            assert_eq!(minute(text), None, "{text}");
        }
    }
}
