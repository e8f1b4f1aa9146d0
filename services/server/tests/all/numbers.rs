//! Numbers by pages and REST: one's own, the family's, an admin's reports.

use runtime::{AppError, Code};
use serde_json::json;
use types::{Role, Scope};
use wire::customer::v1 as pb;

use crate::world::World;

const MEMBER: &[Role] = &[Role::Member];
const ADMIN: &[Role] = &[Role::Member, Role::Admin];

fn stats() -> pb::Stats {
    pb::Stats {
        drinks: 7,
        by_drink: vec![pb::DrinkCount {
            menu_item_id: "itm_01h455vb4pex5vsknk084sn02q".to_owned(),
            slug: "flat-white".to_owned(),
            count: 7,
        }],
        by_weekday: vec![pb::WeekdayCount { weekday: 3, count: 7 }],
        by_hour: vec![pb::HourCount { hour: 8, count: 7 }],
        days: vec![pb::DayCount { day: "2026-11-25".to_owned(), count: 1, caffeine_mg: 63 }],
        achievements: vec![pb::Achievement {
            name: "explorer".to_owned(),
            title: "Explorer".to_owned(),
            says: "Try 3 different drinks".to_owned(),
            have: 1,
            of: 3,
        }],
        made: Some(pb::Made { orders: 2, drinks: 3, drinks_this_week: 1, pace_seconds: Some(214) }),
        on_boards: true,
        streak_weeks: Some(4),
        ..pb::Stats::default()
    }
}

#[tokio::test]
async fn ones_numbers_are_a_page_with_charts_that_can_be_read_aloud() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    world.customers.desk.on("get_stats", |_: pb::GetStatsRequest, _| Ok(stats()));
    let page = world.get("/stats").browsing(&me).send().await;
    assert_eq!(page.status, 200, "{page:?}");
    let text = page.text();
    assert!(text.contains("Flat white") && text.contains("7 of 7"), "{text}");
    assert!(text.contains("<th scope=\"row\">Wednesday</th><td>7</td>"), "{text}");
    assert!(text.contains("1 of 3") && text.contains("<b>4 weeks</b>"), "{text}");
    assert!(text.contains("4 min"), "the barista’s pace: {text}");

    let json = world.get("/v1/me/stats").by(&me).send().await.value();
    assert_eq!(json["days"][0], json!({"day": "2026-11-25", "count": 1, "caffeine_mg": 63}));
    assert_eq!(
        (json["made"]["pace_seconds"].as_i64(), json["streak_weeks"].as_i64()),
        (Some(214), Some(4))
    );
}

#[tokio::test]
async fn the_familys_week_and_the_boards_are_shown_and_who_wants_to_stands_there() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    let empty = world.get("/stats/family").browsing(&me).send().await;
    assert!(empty.text().contains("The first week is still going on"), "{}", empty.text());
    world.get("/v1/family/week").by(&me).refused(404, "not-found").await;

    let place = pb::Place { member_id: me.member.to_string(), count: 31 };
    world.customers.desk.on("get_boards", move |_: pb::GetBoardsRequest, _| {
        Ok(pb::Boards { made: vec![place.clone()], ..pb::Boards::default() })
    });
    world.customers.desk.on("get_family_week", |request: pb::GetFamilyWeekRequest, _| {
        if request.iso_week == "2026-W01" {
            return Err(AppError::new(Code::NotFound, "That week was not summed up.").into());
        }
        Ok(pb::FamilyWeek {
            iso_week: "2026-W46".to_owned(),
            monday: "2026-11-09".to_owned(),
            drinks: 43,
            drinks_before: 38,
            by_weekday: vec![pb::WeekdayCount { weekday: 6, count: 43 }],
            earlier: "2026-W45".to_owned(),
            ..pb::FamilyWeek::default()
        })
    });
    let page = world.get("/stats/family").browsing(&me).send().await;
    let text = page.text();
    assert!(text.contains("9 to 15 November") && text.contains("5 more than the week before"));
    assert!(
        text.contains("href=\"/stats/family?week=2026-W45\"") && text.contains("At the machine")
    );
    let json = world.get("/v1/family/week?week=2026-W46").by(&me).send().await.value();
    assert_eq!((json["drinks"].as_i64(), json["later"].is_null()), (Some(43), true));
    world.get("/v1/family/week?week=2026-W01").by(&me).refused(404, "not-found").await;
    let boards = world.get("/v1/family/boards").by(&me).send().await.value();
    assert_eq!(boards["made"][0]["count"], 31);

    let on = world.post("/stats/boards").send_form(&me, &[("on", "yes")]).send().await;
    assert_eq!((on.status.as_u16(), on.header("location")), (303, "/stats/family"));
    let off = world.call("PUT", "/v1/me/boards").by(&me).json(&json!({"on_boards": false}));
    assert_eq!(off.send().await.status, 204);
    let asked = world.customers.desk.asked("set_on_boards");
    assert!(asked[0].message.contains("true") && asked[1].message.contains("false"));
}

#[tokio::test]
async fn reports_are_an_admins_and_a_token_for_them_reads_them() {
    let world = World::new().await;
    let admin = world.someone(ADMIN);
    world.customers.desk.on("get_report", |request: pb::GetReportRequest, _| {
        if request.period == "2099-01-01" {
            let error = AppError::invalid("period", "not-yet", "it has not begun yet");
            return Err(error.into());
        }
        Ok(pb::Report {
            period: "2026-W47".to_owned(),
            first_day: "2026-11-16".to_owned(),
            last_day: "2026-11-22".to_owned(),
            before: "2026-W46".to_owned(),
            after: "2026-W48".to_owned(),
            outcomes: vec![pb::OutcomeCount { outcome: "expired".to_owned(), orders: 3 }],
            sold: vec![pb::Sold {
                slug: "flat-white".to_owned(),
                count: 17,
                beans: 68,
                ..pb::Sold::default()
            }],
            waits: Some(pb::Waits { orders: 9, median: Some(227), ..pb::Waits::default() }),
            ..pb::Report::default()
        })
    });
    let page = world.get("/reports?period=2026-W47").browsing(&admin).send().await;
    let text = page.text();
    assert!(text.contains("Week 47") && text.contains("16 Nov to 22 Nov"), "{text}");
    assert!(text.contains("Nobody accepted in time") && text.contains("4 min"), "{text}");
    assert!(text.contains("href=\"/reports?period=2026-W48\""), "{text}");

    let token = world.someone_within(ADMIN, Scope::Reports);
    let json = world.get("/v1/reports?period=2026-W47").by(&token).send().await.value();
    assert_eq!(
        (json["sold"][0]["beans"].as_i64(), json["waits"]["median"].as_i64()),
        (Some(68), Some(227))
    );
    world.get("/v1/me/stats").by(&token).refused(403, "forbidden").await;
    let of_none = world.someone_within(MEMBER, Scope::Reports);
    world.get("/v1/reports").by(&of_none).refused(403, "forbidden").await;
    world.get("/v1/reports").by(&world.someone(MEMBER)).refused(403, "forbidden").await;
}

#[tokio::test]
async fn periods_and_weeks_that_are_none_are_refused_by_name() {
    let world = World::new().await;
    let admin = world.someone(ADMIN);
    world.customers.desk.on("get_report", |_: pb::GetReportRequest, _| {
        let error = AppError::invalid("period", "not-yet", "it has not begun yet");
        Err::<pb::Report, _>(error.into())
    });
    for (path, field, code) in [
        ("/v1/reports?period=2099-01-01", "query:period", "not-yet"),
        ("/v1/reports?period=soon", "query:period", "malformed"),
        ("/v1/reports?period=2026-02-30", "query:period", "malformed"),
        ("/v1/reports?year=2026", "query:year", "unknown-field"),
        ("/v1/family/week?week=2026-11-25", "query:week", "malformed"),
        ("/v1/family/week?week=2026-W54", "query:week", "malformed"),
    ] {
        let problem = world.get(path).by(&admin).refused(400, "invalid-request").await;
        assert_eq!(problem["errors"][0]["path"], field, "{path} {problem}");
        assert_eq!(problem["errors"][0]["code"], code, "{path} {problem}");
    }
    for page in ["/reports?period=soon", "/stats/family?week=soon"] {
        let page = world.get(page).browsing(&admin).send().await;
        assert_eq!(page.status, 400, "{page:?}");
        assert!(page.header("content-type").starts_with("text/html"));
    }
}
