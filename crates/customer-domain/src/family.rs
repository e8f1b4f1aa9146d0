//! Who may change what about whom, and what a family must always have.

use types::{Role, Roles};

/// Why a change of roles is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RolesRefused {
    #[error("only an admin gives and takes roles")]
    NotAdmin,
    #[error("the family would be left without an admin; make somebody else one first")]
    LastAdmin,
}

/// Somebody leaves the family for good. `other_admins`: how many admins stay.
pub fn leave(roles: Roles, other_admins: usize) -> Result<(), RolesRefused> {
    if roles.contains(Role::Admin) && other_admins == 0 {
        return Err(RolesRefused::LastAdmin);
    }
    Ok(())
}

/// The roles that somebody has after a change that `by` asked for. Everybody is
/// a member, whatever else they are. `other_admins`: how many admins there are
/// besides the one who is changed.
pub fn change_roles(
    before: Roles,
    wanted: Roles,
    by: Roles,
    other_admins: usize,
) -> Result<Roles, RolesRefused> {
    let after: Roles = wanted.iter().chain([Role::Member]).collect();
    if after == before {
        return Ok(after);
    }
    if !by.contains(Role::Admin) {
        return Err(RolesRefused::NotAdmin);
    }
    if before.contains(Role::Admin) && !after.contains(Role::Admin) && other_admins == 0 {
        return Err(RolesRefused::LastAdmin);
    }
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: [Role; 1] = [Role::Member];
    const ADMIN: [Role; 2] = [Role::Member, Role::Admin];

    fn change(
        before: impl Into<Roles>,
        wanted: impl Into<Roles>,
        by: impl Into<Roles>,
        others: usize,
    ) -> Result<Roles, RolesRefused> {
        change_roles(before.into(), wanted.into(), by.into(), others)
    }

    #[test]
    fn an_admin_gives_and_takes_roles_and_nobody_stops_being_a_member() {
        let barista = Roles::from([Role::Member, Role::Barista]);
        assert_eq!(change(MEMBER, [Role::Barista], ADMIN, 1), Ok(barista));
        assert_eq!(change(barista, [], ADMIN, 1), Ok(MEMBER.into()));
        assert_eq!(change(MEMBER, ADMIN, ADMIN, 1), Ok(ADMIN.into()));
    }

    #[test]
    fn nobody_makes_themselves_more_than_they_are() {
        assert_eq!(change(MEMBER, ADMIN, MEMBER, 1), Err(RolesRefused::NotAdmin));
        let barista = [Role::Member, Role::Barista];
        assert_eq!(change(barista, ADMIN, barista, 1), Err(RolesRefused::NotAdmin));
        // Saying what is so already is no change.
        assert_eq!(change(MEMBER, MEMBER, MEMBER, 1), Ok(MEMBER.into()));
    }

    #[test]
    fn the_last_admin_stays_one() {
        assert_eq!(change(ADMIN, MEMBER, ADMIN, 0), Err(RolesRefused::LastAdmin));
        assert_eq!(change(ADMIN, MEMBER, ADMIN, 1), Ok(MEMBER.into()));
        assert_eq!(
            change(ADMIN, [Role::Admin, Role::Barista], ADMIN, 0),
            Ok(Roles::from(Role::ALL))
        );
    }

    #[test]
    fn anybody_leaves_but_the_last_admin() {
        assert_eq!(leave(MEMBER.into(), 0), Ok(()));
        assert_eq!(leave(ADMIN.into(), 1), Ok(()));
        assert_eq!(leave(ADMIN.into(), 0), Err(RolesRefused::LastAdmin));
    }
}
