//! Who is a child, and who looks after them: a child always has a guardian, and
//! guardians are adults. Who is a guest for an evening, and of whom.

use std::collections::{BTreeMap, BTreeSet};

use types::{MemberId, Role, Roles};

/// The most guardians that a child may have.
pub const MOST_GUARDIANS: usize = 8;

/// Whether somebody is grown up, and who looks after who is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kin {
    Adult,
    Child {
        guardians: BTreeSet<MemberId>,
    },
    /// Not of the family: see [`crate::guests`].
    Guest {
        host: MemberId,
    },
}

impl Kin {
    /// The stable name: in the database, in events.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Adult => "adult",
            Self::Child { .. } => "child",
            Self::Guest { .. } => "guest",
        }
    }

    /// A child's guardians; others have none.
    pub fn guardians(&self) -> impl Iterator<Item = MemberId> {
        let guardians = match self {
            Self::Adult | Self::Guest { .. } => None,
            Self::Child { guardians } => Some(guardians),
        };
        guardians.into_iter().flatten().copied()
    }

    pub const fn is_child(&self) -> bool {
        matches!(self, Self::Child { .. })
    }

    pub const fn is_guest(&self) -> bool {
        matches!(self, Self::Guest { .. })
    }

    pub fn has_guardian(&self, member: MemberId) -> bool {
        self.guardians().any(|guardian| guardian == member)
    }
}

/// The family as it is: everybody with their kin.
pub type Relatives = BTreeMap<MemberId, Kin>;

/// Why somebody cannot be what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KinRefused {
    #[error("only an admin says who is a child, and who looks after whom")]
    NotAdmin,
    #[error("a child has a guardian; choose at least one adult")]
    NoGuardian,
    #[error("a child has at most {MOST_GUARDIANS} guardians")]
    TooManyGuardians,
    #[error("nobody is their own guardian; choose an adult")]
    OwnGuardian,
    #[error("there is no such member; choose an adult of the family")]
    UnknownGuardian,
    #[error("a child is nobody's guardian; choose an adult")]
    ChildAsGuardian,
    #[error("a child is no admin; take that role away first")]
    ChildAsAdmin,
    #[error("a child would be left without a guardian; give it another one first")]
    LastGuardian { child: MemberId },
    #[error("a guest goes when the evening is over; to let them stay, invite them to the family")]
    Guest,
}

impl KinRefused {
    /// The field of the request that is at fault, if one is.
    pub const fn field(self) -> Option<&'static str> {
        match self {
            Self::NoGuardian
            | Self::TooManyGuardians
            | Self::OwnGuardian
            | Self::UnknownGuardian
            | Self::ChildAsGuardian => Some("guardian_ids"),
            Self::NotAdmin | Self::ChildAsAdmin | Self::LastGuardian { .. } | Self::Guest => None,
        }
    }

    /// The stable code of the field.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAdmin => "not-admin",
            Self::NoGuardian => "required",
            Self::TooManyGuardians => "too-many",
            Self::OwnGuardian => "own-guardian",
            Self::UnknownGuardian => "unknown-member",
            Self::ChildAsGuardian => "guardian-is-a-child",
            Self::ChildAsAdmin => "child-as-admin",
            Self::LastGuardian { .. } => "last-guardian",
            Self::Guest => "guest",
        }
    }
}

/// Whether `member`, who holds these roles, may be this from now on.
pub fn check(
    member: MemberId,
    wanted: &Kin,
    roles: Roles,
    relatives: &Relatives,
) -> Result<(), KinRefused> {
    let guardians = match wanted {
        Kin::Adult => return Ok(()),
        Kin::Guest { .. } => return Err(KinRefused::Guest),
        Kin::Child { guardians } => guardians,
    };
    if guardians.is_empty() {
        return Err(KinRefused::NoGuardian);
    }
    if guardians.len() > MOST_GUARDIANS {
        return Err(KinRefused::TooManyGuardians);
    }
    for guardian in guardians {
        match relatives.get(guardian) {
            _ if *guardian == member => return Err(KinRefused::OwnGuardian),
            None | Some(Kin::Guest { .. }) => return Err(KinRefused::UnknownGuardian),
            Some(Kin::Child { .. }) => return Err(KinRefused::ChildAsGuardian),
            Some(Kin::Adult) => {}
        }
    }
    if roles.contains(Role::Admin) {
        return Err(KinRefused::ChildAsAdmin);
    }
    may_stop_guarding(member, relatives)
}

/// The same for a change that `by` asks for. Saying what is so already is no change.
pub fn change(
    member: MemberId,
    wanted: &Kin,
    roles: Roles,
    by: Roles,
    relatives: &Relatives,
) -> Result<(), KinRefused> {
    match relatives.get(&member) {
        Some(kin) if kin == wanted => return Ok(()),
        Some(Kin::Guest { .. }) => return Err(KinRefused::Guest),
        Some(_) | None => {}
    }
    if !by.contains(Role::Admin) {
        return Err(KinRefused::NotAdmin);
    }
    check(member, wanted, roles, relatives)
}

/// Whether nobody would be left without a guardian if this one guarded nobody any
/// more: asked before somebody becomes a child, or leaves the family.
pub fn may_stop_guarding(member: MemberId, relatives: &Relatives) -> Result<(), KinRefused> {
    let alone = |kin: &Kin| kin.has_guardian(member) && kin.guardians().count() == 1;
    match relatives.iter().find(|(_, kin)| alone(kin)) {
        Some((child, _)) => Err(KinRefused::LastGuardian { child: *child }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const ADMIN: [Role; 2] = [Role::Member, Role::Admin];
    const MEMBER: [Role; 1] = [Role::Member];

    fn child(guardians: &[MemberId]) -> Kin {
        Kin::Child { guardians: guardians.iter().copied().collect() }
    }

    #[test]
    fn a_child_has_a_guardian_who_is_an_adult_and_somebody_else() {
        let [mia, papa, dan, nobody] = std::array::from_fn(|_| MemberId::new());
        let family =
            Relatives::from([(mia, Kin::Adult), (papa, Kin::Adult), (dan, child(&[papa]))]);
        let ask = |guardians: &[MemberId]| {
            change(mia, &child(guardians), MEMBER.into(), ADMIN.into(), &family)
        };
        assert_eq!(ask(&[papa]), Ok(()));
        assert_eq!(ask(&[]), Err(KinRefused::NoGuardian));
        assert_eq!(ask(&[mia]), Err(KinRefused::OwnGuardian));
        assert_eq!(ask(&[papa, dan]), Err(KinRefused::ChildAsGuardian));
        assert_eq!(ask(&[nobody]), Err(KinRefused::UnknownGuardian));
        let many: Vec<MemberId> = (0..=MOST_GUARDIANS).map(|_| MemberId::new()).collect();
        assert_eq!(ask(&many), Err(KinRefused::TooManyGuardians));
    }

    #[test]
    fn a_childs_last_guardian_stays_one_and_an_admin_is_no_child() {
        let [mia, papa, dan] = std::array::from_fn(|_| MemberId::new());
        let mut family =
            Relatives::from([(mia, Kin::Adult), (papa, Kin::Adult), (dan, child(&[papa]))]);
        let becomes_a_child = |roles: &[Role], family: &Relatives| {
            let roles = roles.iter().copied().collect();
            change(papa, &child(&[mia]), roles, ADMIN.into(), family)
        };
        let refused = KinRefused::LastGuardian { child: dan };
        assert_eq!(becomes_a_child(&MEMBER, &family), Err(refused));
        assert_eq!(may_stop_guarding(papa, &family), Err(refused));
        family.insert(dan, child(&[mia, papa]));
        assert_eq!(becomes_a_child(&MEMBER, &family), Ok(()));
        assert_eq!(becomes_a_child(&ADMIN, &family), Err(KinRefused::ChildAsAdmin));
        assert_eq!(may_stop_guarding(papa, &family), Ok(()));
    }

    #[test]
    fn only_an_admin_says_who_is_a_child() {
        let [mia, dan] = std::array::from_fn(|_| MemberId::new());
        let family = Relatives::from([(mia, Kin::Adult), (dan, child(&[mia]))]);
        let ask = |kin: &Kin| change(dan, kin, MEMBER.into(), MEMBER.into(), &family);
        assert_eq!(ask(&Kin::Adult), Err(KinRefused::NotAdmin));
        // Saying what is so already is no change.
        assert_eq!(ask(&child(&[mia])), Ok(()));
    }

    proptest! {
        /// Whoever is made what by whom, in whatever order: no child is without a
        /// guardian, and no guardian is a child.
        #[test]
        fn no_child_is_ever_without_an_adult(
            changes in vec((0..5_usize, any::<bool>(), vec(0..5_usize, 0..3)), 0..40),
        ) {
            let members: [MemberId; 5] = std::array::from_fn(|_| MemberId::new());
            let mut family: Relatives = members.map(|member| (member, Kin::Adult)).into();
            for (at, grown, guardians) in changes {
                let guardians = guardians.iter().map(|at| members[*at]).collect();
                let wanted = if grown { Kin::Adult } else { Kin::Child { guardians } };
                let member = members[at];
                if change(member, &wanted, MEMBER.into(), ADMIN.into(), &family).is_err() {
                    continue;
                }
                if wanted.is_child() {
                    for kin in family.values_mut() {
                        if let Kin::Child { guardians } = kin {
                            guardians.remove(&member);
                        }
                    }
                }
                family.insert(member, wanted);
                for kin in family.values().filter(|kin| kin.is_child()) {
                    prop_assert!(kin.guardians().count() > 0);
                    prop_assert!(kin.guardians().all(|it| family[&it] == Kin::Adult));
                }
            }
        }
    }
}
