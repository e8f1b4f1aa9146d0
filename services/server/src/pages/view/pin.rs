//! PINs as their owners, and whoever runs the family, set them.

use wire::customer::v1 as pb;

use super::{
    Clock, Errors,
    clock::moment,
    pad::{Key, PICTURES},
};

/// A form that sets or removes one PIN of somebody.
#[derive(Debug, Clone)]
pub(crate) struct PinForm {
    /// Where it is sent.
    pub(crate) action: String,
    /// "Fri 14:05"; none: there is no PIN yet.
    pub(crate) since: Option<String>,
    pub(crate) errors: Errors,
    kind: pb::PinKind,
}

impl PinForm {
    pub(crate) fn new(
        pins: &[pb::StoredPin],
        kind: pb::PinKind,
        action: String,
        clock: &Clock,
    ) -> Self {
        let stored = pins.iter().find(|pin| pin.kind() == kind);
        let since = stored.map(|pin| {
            let at = pin.set_at.as_ref().and_then(|at| moment(at.seconds, at.nanos));
            at.map(|at| clock.say(at)).unwrap_or_default()
        });
        Self { action, since, errors: Errors::default(), kind }
    }

    pub(crate) fn with(self, errors: Errors) -> Self {
        Self { errors, ..self }
    }

    pub(crate) fn pictures(&self) -> bool {
        self.kind == pb::PinKind::Pictures
    }

    pub(crate) const fn all() -> &'static [Key] {
        &PICTURES
    }
}

/// What such a form was sent with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    Set(String),
    Remove,
    /// The two are not the same.
    Unlike,
}

/// Reads it: digits are typed twice, pictures chosen one after the other.
pub(crate) fn wanted(fields: &[(String, String)]) -> Wanted {
    let all = |name: &str| -> Vec<&str> {
        let named = fields.iter().filter(|(field, _)| field == name);
        named.map(|(_, value)| value.trim()).collect()
    };
    if !all("remove").is_empty() {
        return Wanted::Remove;
    }
    let pin = all("pin").concat();
    match all("again").first() {
        Some(again) if **again != *pin => Wanted::Unlike,
        Some(_) | None => Wanted::Set(pin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_typed_twice_and_pictures_chosen_one_by_one() {
        let read = |fields: &[(&str, &str)]| {
            let fields = fields.iter().map(|(name, value)| ((*name).into(), (*value).into()));
            wanted(&fields.collect::<Vec<_>>())
        };
        assert_eq!(read(&[("pin", "7310"), ("again", "7310")]), Wanted::Set("7310".to_owned()));
        assert_eq!(read(&[("pin", "7310"), ("again", "7301")]), Wanted::Unlike);
        let four = [("pin", "1"), ("pin", "5"), ("pin", "9"), ("pin", "3")];
        assert_eq!(read(&four), Wanted::Set("1593".to_owned()));
        assert_eq!(read(&[("pin", ""), ("again", ""), ("remove", "1")]), Wanted::Remove);
    }
}
