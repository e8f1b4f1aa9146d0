//! The first admin's first minutes.

use runtime::AppError;
use types::Role;
use wire::customer::v1 as pb;

use crate::world::{Someone, World};

const ADMIN: &[Role] = &[Role::Member, Role::Admin];

/// A house in which there is nobody but this admin.
fn alone(world: &World, me: &Someone) {
    let admin =
        pb::Member { id: me.member.to_string(), name: "Admin".to_owned(), ..Default::default() };
    let desk = &world.customers.desk;
    let members = vec![admin.clone()];
    desk.on("list_members", move |_: pb::ListMembersRequest, _| {
        Ok(pb::ListMembersResponse { members: members.clone(), ..Default::default() })
    });
    let me = admin.clone();
    desk.on("get_me", move |_: pb::GetMeRequest, _| Ok(me.clone()));
    desk.on("update_member", move |request: pb::UpdateMemberRequest, _| {
        if request.name() == "" {
            return Err(
                AppError::invalid("name", "malformed", "a name has something to see").into()
            );
        }
        Ok(admin.clone())
    });
    let house = pb::House {
        floor_beans: -10,
        weekly_allowance_beans: 50,
        version: 3,
        ..Default::default()
    };
    desk.on("get_house", move |_: pb::GetHouseRequest, _| Ok(house.clone()));
    desk.on("set_house", |_: pb::SetHouseRequest, _| Ok(pb::House::default()));
}

#[tokio::test]
async fn the_first_admin_says_who_they_are_and_what_a_drink_costs_and_invites_the_others() {
    let world = World::new().await;
    let me = world.someone(ADMIN);
    alone(&world, &me);
    let menu = world.get("/").browsing(&me).send().await;
    assert!(menu.text().contains("href=\"/welcome\""), "{}", menu.text());
    let welcome = world.get("/welcome").browsing(&me).send().await;
    assert!(welcome.text().contains("value=\"Admin\""), "{}", welcome.text());

    let nameless = [("name", ""), ("emoji", "👩"), ("colour", "#a0522d"), ("bar", "free")];
    let refused = world.post("/welcome").send_form(&me, &nameless).send().await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.text().contains("value=\"free\" checked"), "{}", refused.text());
    assert!(world.customers.desk.asked("set_house").is_empty(), "nothing is half done");

    let fields = [("name", "Ada"), ("emoji", "👩"), ("colour", "#a0522d"), ("bar", "free")];
    let set = world.post("/welcome").send_form(&me, &fields).send().await;
    assert_eq!((set.status.as_u16(), set.header("location")), (303, "/family"));
    let asked = &world.customers.desk.asked("set_house")[0].message;
    assert!(asked.contains("free_bar: true") && asked.contains("floor_beans: -10"), "{asked}");
    let family = world.get("/family").browsing(&me).send().await;
    assert!(family.text().contains("<details class=\"card how\" open>"), "{}", family.text());
}
