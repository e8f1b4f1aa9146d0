//! Members as the pages about people show and change them.

use wire::customer::v1 as pb;

use super::{Errors, Person};

/// A member with what they may do.
#[derive(Debug, Clone)]
pub(crate) struct Relative {
    pub(crate) person: Person,
    pub(crate) roles: Vec<RoleTick>,
}

impl Relative {
    pub(crate) fn new(member: &pb::Member) -> Self {
        Self {
            person: Person::new(&member.id, &member.name, &member.emoji, &member.colour),
            roles: RoleTick::all(|role| member.roles().any(|held| held == role)),
        }
    }

    /// The roles beyond everybody's own.
    pub(crate) fn held(&self) -> impl Iterator<Item = &RoleTick> {
        self.roles.iter().filter(|role| role.held)
    }
}

/// A role that can be given and taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleTick {
    /// In forms.
    pub(crate) slug: &'static str,
    pub(crate) name: &'static str,
    pub(crate) says: &'static str,
    pub(crate) held: bool,
    role: pb::Role,
}

impl RoleTick {
    /// Everybody is a member, so that is no choice.
    fn all(held: impl Fn(pb::Role) -> bool) -> Vec<Self> {
        let role = |role, slug, name, says| Self { slug, name, says, held: held(role), role };
        vec![
            role(pb::Role::Barista, "barista", "Barista", "makes coffee"),
            role(pb::Role::Admin, "admin", "Admin", "runs the family"),
        ]
    }

    /// As a form ticked them.
    pub(crate) fn ticked(fields: &[(String, String)]) -> Vec<Self> {
        let ticks = Self::all(|_| false).into_iter();
        ticks
            .map(|tick| {
                let ticked =
                    |(name, value): &(String, String)| name == "roles" && value == tick.slug;
                Self { held: fields.iter().any(ticked), ..tick }
            })
            .collect()
    }

    /// For the wire.
    pub(crate) fn wire(ticks: &[Self]) -> Vec<i32> {
        ticks.iter().filter(|tick| tick.held).map(|tick| tick.role.into()).collect()
    }
}

/// Name, emoji and colour in a form.
#[derive(Debug, Clone, Default)]
pub(crate) struct CardForm {
    pub(crate) name: String,
    pub(crate) emoji: String,
    /// "#a0522d"
    pub(crate) colour: String,
    pub(crate) errors: Errors,
}

impl CardForm {
    /// For somebody new, with a colour that not everybody has.
    pub(crate) fn empty(relatives: usize) -> Self {
        const COLOURS: [&str; 8] = [
            "#a0522d", "#2f6f6f", "#8a4fbf", "#2d6cb5", "#b5472d", "#5b7d2a", "#b0436f", "#c08a1e",
        ];
        Self { colour: COLOURS[relatives % COLOURS.len()].to_owned(), ..Self::default() }
    }

    pub(crate) fn of(person: &Person) -> Self {
        let Person { id: _, name, emoji, colour } = person.clone();
        Self { name, emoji, colour, errors: Errors::default() }
    }

    /// As it was typed; what is left out is empty.
    pub(crate) fn typed(fields: &[(String, String)]) -> Self {
        let value = |wanted: &str| {
            let found = fields.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let (name, emoji, colour) = (value("name"), value("emoji"), value("colour"));
        Self { name, emoji, colour, errors: Errors::default() }
    }

    /// What is to be different about a member.
    pub(crate) fn changes(&self, member_id: String) -> pb::UpdateMemberRequest {
        let Self { name, emoji, colour, errors: _ } = self.clone();
        let (name, emoji, colour) = (Some(name), Some(emoji), Some(colour));
        pb::UpdateMemberRequest { member_id, name, emoji, colour, roles: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_gives_the_roles_that_are_ticked_and_no_others() {
        let fields = [("roles", "admin"), ("roles", "king"), ("name", " Mia ")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let ticks = RoleTick::ticked(&fields);
        assert_eq!(RoleTick::wire(&ticks), [i32::from(pb::Role::Admin)]);
        let card = CardForm::typed(&fields);
        assert_eq!((card.name.as_str(), card.emoji.as_str()), ("Mia", ""));
    }

    #[test]
    fn a_member_shows_what_they_hold() {
        let roles = vec![pb::Role::Member.into(), pb::Role::Barista.into()];
        let ben = Relative::new(&pb::Member { roles, ..pb::Member::default() });
        assert_eq!(ben.held().map(|role| role.name).collect::<Vec<_>>(), ["Barista"]);
    }
}
