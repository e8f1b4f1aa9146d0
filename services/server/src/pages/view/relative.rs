//! Members as the pages about people show and change them.

use wire::customer::v1 as pb;

use super::{Errors, Person};

/// A member with what they may do.
#[derive(Debug, Clone)]
pub(crate) struct Relative {
    pub(crate) person: Person,
    pub(crate) roles: Vec<RoleTick>,
    pub(crate) child: bool,
    /// Member ids of a child's guardians.
    pub(crate) guardians: Vec<String>,
}

impl Relative {
    pub(crate) fn new(member: &pb::Member) -> Self {
        Self {
            person: Person::new(&member.id, &member.name, &member.emoji, &member.colour),
            roles: RoleTick::all(|role| member.roles().any(|held| held == role)),
            child: member.kind() == pb::MemberKind::Child,
            guardians: member.guardian_ids.clone(),
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

/// Whether somebody is a child, and who looks after them, in a form.
#[derive(Debug, Clone, Default)]
pub(crate) struct KinForm {
    pub(crate) child: bool,
    /// The adults of the family, and whether each is a guardian.
    pub(crate) adults: Vec<(Person, bool)>,
    pub(crate) errors: Errors,
}

impl KinForm {
    /// As a service names them.
    pub(crate) const FIELDS: [&str; 2] = ["kind", "guardian_ids"];

    /// For somebody new.
    pub(crate) fn empty(family: &[Relative]) -> Self {
        Self::new(false, "", family, |_| false, Errors::default())
    }

    /// As it is, for somebody of this family.
    pub(crate) fn of(relative: &Relative, family: &[Relative]) -> Self {
        let guardians = |id: &String| relative.guardians.contains(id);
        Self::new(relative.child, &relative.person.id, family, guardians, Errors::default())
    }

    /// As it was typed, and refused.
    pub(crate) fn refused(of: &str, family: &[Relative], typed: &pb::Kin, errors: Errors) -> Self {
        let child = typed.kind() == pb::MemberKind::Child;
        Self::new(child, of, family, |id| typed.guardian_ids.contains(id), errors)
    }

    fn new(
        child: bool,
        of: &str,
        family: &[Relative],
        guards: impl Fn(&String) -> bool,
        errors: Errors,
    ) -> Self {
        let adults = family.iter().filter(|other| !other.child && other.person.id != of);
        let adults = adults.map(|other| (other.person.clone(), guards(&other.person.id)));
        Self { child, adults: adults.collect(), errors }
    }

    /// What a form says; guardians that were ticked for an adult mean nothing.
    pub(crate) fn typed(fields: &[(String, String)]) -> pb::Kin {
        let all = |wanted: &str| -> Vec<String> {
            let found = fields.iter().filter(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone()).collect()
        };
        if all("kind").iter().any(|kind| kind == "child") {
            let guardian_ids = all("guardians");
            pb::Kin { kind: pb::MemberKind::Child.into(), guardian_ids }
        } else {
            pb::Kin { kind: pb::MemberKind::Adult.into(), guardian_ids: Vec::new() }
        }
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
        pb::UpdateMemberRequest { member_id, name, emoji, colour, ..Default::default() }
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
    fn guardians_are_adults_and_count_for_a_child_alone() {
        let member = |id: &str, kind: pb::MemberKind, guardians: &[&str]| {
            Relative::new(&pb::Member {
                id: id.to_owned(),
                kind: kind.into(),
                guardian_ids: guardians.iter().map(|id| (*id).to_owned()).collect(),
                ..pb::Member::default()
            })
        };
        let family = [
            member("mia", pb::MemberKind::Adult, &[]),
            member("papa", pb::MemberKind::Adult, &[]),
            member("dan", pb::MemberKind::Child, &["papa"]),
        ];
        let form = KinForm::of(&family[2], &family);
        let ticked: Vec<_> = form.adults.iter().map(|(it, held)| (it.id.as_str(), *held)).collect();
        assert_eq!((form.child, ticked), (true, vec![("mia", false), ("papa", true)]));
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let adult = KinForm::typed(&[field("kind", "adult"), field("guardians", "papa")]);
        assert_eq!((adult.kind(), adult.guardian_ids.len()), (pb::MemberKind::Adult, 0));
        let child = KinForm::typed(&[field("kind", "child"), field("guardians", "papa")]);
        assert_eq!(
            (child.kind(), child.guardian_ids),
            (pb::MemberKind::Child, vec!["papa".into()])
        );
    }

    #[test]
    fn a_member_shows_what_they_hold() {
        let roles = vec![pb::Role::Member.into(), pb::Role::Barista.into()];
        let ben = Relative::new(&pb::Member { roles, ..pb::Member::default() });
        assert_eq!(ben.held().map(|role| role.name).collect::<Vec<_>>(), ["Barista"]);
    }
}
