//! What the projections add up to: for a member, the family, a barista, an admin.

use chrono::{Days, NaiveDate};
use runtime::{AppError, Code, Peer};
use types::{IsoWeek, MemberId, OrderId, Role};
use wire::{
    customer::v1::{self as pb, customer_service_server::CustomerService},
    events::v1::{Accepted, Expired, Item, OrderEvent, Placed, Ready, order_event::What},
};

use crate::{
    house::{House, Setup, by, by_person, unwrapped},
    topic::{completed, drink, event, stats, take_in, uncollected},
};

const FAMILY: [Role; 1] = [Role::Member];
const ADMIN: [Role; 2] = [Role::Member, Role::Admin];

fn today() -> NaiveDate {
    customer_service::clock::now().with_timezone(&chrono_tz::Europe::Berlin).date_naive()
}

/// The whole way of an order: placed at that moment, accepted and ready so many
/// seconds later.
fn made(
    at: &str,
    by: MemberId,
    (accepted, ready): (i64, i64),
    items: Vec<Item>,
) -> Vec<OrderEvent> {
    let order = OrderId::new();
    let later = |seconds: i64| {
        let at: types::Timestamp = at.parse().unwrap();
        (at + chrono::TimeDelta::seconds(seconds)).to_rfc3339()
    };
    let barista = by.to_string();
    vec![
        event(order, 1, at, What::Placed(Placed::default())),
        event(order, 3, &later(accepted), What::Accepted(Accepted { barista: barista.clone() })),
        event(order, 4, &later(ready), What::Ready(Ready { barista })),
        completed(order, 5, &later(ready + 10), items),
    ]
}

async fn take_in_all(house: &House, events: &[OrderEvent]) {
    take_in(house, &events.iter().collect::<Vec<_>>()).await;
}

async fn report(house: &House, period: &str) -> Result<pb::Report, AppError> {
    let request = pb::GetReportRequest { period: period.to_owned() };
    unwrapped(house.handlers.get_report(by_person(MemberId::new(), ADMIN, request)).await)
}

async fn week(house: &House, week: &str) -> Result<pb::FamilyWeek, AppError> {
    let request = pb::GetFamilyWeekRequest { iso_week: week.to_owned() };
    unwrapped(house.handlers.get_family_week(by_person(MemberId::new(), FAMILY, request)).await)
}

async fn write(house: &House, week: &str) -> Result<pb::WriteFamilyWeekResponse, AppError> {
    let request = pb::WriteFamilyWeekRequest { iso_week: week.to_owned() };
    unwrapped(house.handlers.write_family_week(by(Peer::OrderService, request)).await)
}

async fn boards(house: &House) -> pb::Boards {
    let request = by_person(MemberId::new(), FAMILY, pb::GetBoardsRequest {});
    unwrapped(house.handlers.get_boards(request).await).unwrap()
}

async fn set_on_boards(house: &House, member: MemberId, on_boards: bool) {
    let request = by_person(member, FAMILY, pb::SetOnBoardsRequest { on_boards });
    unwrapped(house.handlers.set_on_boards(request).await).unwrap();
}

fn place(member: MemberId, count: i64) -> pb::Place {
    pb::Place { member_id: member.to_string(), count }
}

#[tokio::test]
async fn a_member_sees_weekdays_the_last_days_and_what_was_earned() {
    let house = House::start(Setup::default()).await;
    let (mia, oma) = (MemberId::new(), MemberId::new());
    // 18:30 in Berlin, on each of the last seven days: something without caffeine.
    let mut events = vec![];
    for back in 0..7 {
        let at = format!("{}T17:30:00Z", today() - Days::new(back + 1));
        events.push(completed(OrderId::new(), 5, &at, vec![drink("rooibos", Some(mia), 0)]));
    }
    // Today a strong one, and treats for Oma and for guests.
    let noon = format!("{}T10:00:00Z", today());
    let treats = vec![
        drink("espresso", Some(mia), 63),
        drink("cocoa", Some(oma), 5),
        drink("cocoa", None, 5),
        drink("cocoa", None, 5),
    ];
    let mut treat = completed(OrderId::new(), 5, &noon, treats);
    treat.placed_by = mia.to_string();
    events.push(treat);
    take_in_all(&house, &events).await;

    let mias = stats(&house, mia).await;
    assert_eq!(mias.by_weekday.len(), 7, "{:?}", mias.by_weekday);
    assert_eq!(mias.by_weekday.iter().map(|day| day.count).sum::<i64>(), 8);
    assert_eq!(mias.days.len(), 28);
    let last = mias.days.last().unwrap();
    assert_eq!((last.day.as_str(), last.count), (today().to_string().as_str(), 1));
    assert_eq!((last.caffeine_mg, mias.days[0].count), (63, 0));
    let have = |name: &str| {
        let found = mias.achievements.iter().find(|one| one.name == name).unwrap();
        (found.have, found.of)
    };
    assert_eq!(have("first-cup"), (1, 1));
    assert_eq!(have("explorer"), (2, 3));
    assert_eq!(have("every-weekday"), (7, 7));
    assert_eq!(have("calm-evenings"), (5, 5));
    assert_eq!((have("host"), have("kind")), ((2, 3), (1, 5)));
    assert_eq!(mias.made, None);
    assert_eq!((mias.on_boards, mias.streak_weeks), (false, None));
    house.stop().await;
}

#[tokio::test]
async fn more_caffeine_earns_nothing() {
    let house = House::start(Setup::default()).await;
    let (calm, wild) = (MemberId::new(), MemberId::new());
    let at = |hour: u32| format!("{}T{hour:02}:15:00Z", today() - Days::new(1));
    let mut events = vec![];
    for hour in [6, 9, 18, 20] {
        let both = vec![drink("brew", Some(calm), 0), drink("brew", Some(wild), 400)];
        events.push(completed(OrderId::new(), 5, &at(hour), both));
    }
    take_in_all(&house, &events).await;
    let earned =
        |stats: pb::Stats| -> Vec<u64> { stats.achievements.iter().map(|one| one.have).collect() };
    let (calms, wilds) = (earned(stats(&house, calm).await), earned(stats(&house, wild).await));
    assert!(calms.iter().zip(&wilds).all(|(calm, wild)| calm >= wild), "{calms:?} {wilds:?}");
    for member in [calm, wild] {
        house.create(member, "Somebody", 0, FAMILY.into()).await.unwrap();
        set_on_boards(&house, member, true).await;
    }
    let boards = boards(&house).await;
    for board in [&boards.tried, &boards.streaks] {
        assert_eq!((board.len(), board[0].count), (2, board[1].count), "{boards:?}");
    }
    house.stop().await;
}

#[tokio::test]
async fn a_barista_sees_how_many_and_how_fast() {
    let house = House::start(Setup::default()).await;
    let (ben, mia) = (MemberId::new(), MemberId::new());
    let at = format!("{}T08:00:00Z", today());
    let mut events = vec![];
    for ready in [100, 160, 400] {
        let items = vec![drink("latte", Some(mia), 63), drink("latte", None, 63)];
        events.extend(made(&at, ben, (60, ready), items));
    }
    // One that was called ready in one go has no pace.
    let at_once = OrderId::new();
    let ready = What::Ready(Ready { barista: ben.to_string() });
    events.push(event(at_once, 3, &at, ready));
    events.push(uncollected(at_once, 4, &at, vec![drink("latte", Some(ben), 63)]));
    // And one long ago.
    events.extend(made("2026-01-05T08:00:00Z", ben, (5, 45), vec![drink("latte", None, 63)]));
    take_in_all(&house, &events).await;
    let made = stats(&house, ben).await.made.unwrap();
    assert_eq!((made.orders, made.drinks, made.drinks_this_week), (5, 8, 7));
    assert_eq!(made.pace_seconds, Some(70), "the middle one of 40, 40, 100 and 340");
    let earned = stats(&house, ben).await.achievements;
    let barista = earned.iter().find(|one| one.name == "house-barista").unwrap();
    assert_eq!((barista.have, barista.of), (7, 50), "one's own do not count");
    house.stop().await;
}

#[tokio::test]
async fn only_who_wants_to_stands_on_the_boards() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 0, FAMILY).await;
    let ben = house.member("Ben", 0, FAMILY).await;
    let monday = IsoWeek::of(today()).monday();
    let mut events = vec![];
    for back in [0, 7, 14] {
        let at = format!("{}T00:30:00Z", monday - Days::new(back));
        let items = vec![drink("latte", Some(mia), 63), drink("mocha", Some(ben), 63)];
        events.extend(made(&at, ben, (10, 20), items));
    }
    take_in_all(&house, &events).await;
    assert_eq!(boards(&house).await, pb::Boards::default());
    set_on_boards(&house, mia, true).await;
    set_on_boards(&house, mia, true).await;
    let board = boards(&house).await;
    assert_eq!((&board.tried, &board.made), (&vec![place(mia, 1)], &vec![]));
    assert_eq!(board.streaks, [place(mia, 3)]);
    assert_eq!(stats(&house, mia).await.streak_weeks, Some(3));
    set_on_boards(&house, ben, true).await;
    assert_eq!(boards(&house).await.made, [place(ben, 3)], "Mia's three, not his own");
    set_on_boards(&house, mia, false).await;
    assert_eq!(boards(&house).await.streaks, [place(ben, 3)]);
    assert_eq!(stats(&house, mia).await.streak_weeks, None);
    house.stop().await;
}

#[tokio::test]
async fn a_week_is_summed_up_once_it_is_over_and_a_rebuild_leaves_it() {
    let house = House::start(Setup::default()).await;
    let (mia, ben) = (MemberId::new(), MemberId::new());
    assert_eq!(week(&house, "").await.unwrap(), pb::FamilyWeek::default());
    let one = |day: u32, hour: u32, slug: &str| {
        let at = format!("2026-11-{day:02}T{hour:02}:00:00Z");
        made(&at, ben, (60, 240), vec![drink(slug, Some(mia), 63)])
    };
    // The week of 2 to 8 November 2026, and one drink of the week before.
    let mut events = one(2, 7, "latte");
    events.extend([one(4, 7, "latte"), one(8, 12, "cocoa"), one(1, 9, "tea")].concat());
    take_in_all(&house, &events).await;
    assert_eq!(write(&house, "2026-W45").await.unwrap().iso_week, "2026-W45");
    let written = week(&house, "").await.unwrap();
    assert_eq!((written.iso_week.as_str(), written.monday.as_str()), ("2026-W45", "2026-11-02"));
    assert_eq!((written.drinks, written.drinks_before, written.orders), (3, 1, 3));
    assert_eq!(
        (written.kinds, written.busiest_hour, written.wait_seconds),
        (2, Some(8), Some(240))
    );
    let by_day: Vec<i64> = written.by_weekday.iter().map(|day| day.count).collect();
    assert_eq!(by_day, [1, 0, 1, 0, 0, 0, 1]);
    assert_eq!((written.most[0].slug.as_str(), written.most[0].count), ("latte", 2));
    assert!(written.earlier.is_empty() && written.later.is_empty());

    // Again it is no news; while projections are filled again it stays.
    assert!(write(&house, "2026-W45").await.unwrap().already_so);
    house.service.app.projections.rebuild().await.unwrap();
    assert!(write(&house, "2026-W45").await.unwrap().already_so);
    assert_eq!(week(&house, "2026-W45").await.unwrap(), written);
    // What came late is put right.
    events.extend(one(5, 7, "latte"));
    take_in_all(&house, &events).await;
    assert!(!write(&house, "2026-W45").await.unwrap().already_so);
    assert_eq!(week(&house, "").await.unwrap().drinks, 4);

    write(&house, "2026-W44").await.unwrap();
    assert_eq!(week(&house, "").await.unwrap().earlier, "2026-W44");
    assert_eq!(week(&house, "2026-W44").await.unwrap().later, "2026-W45");
    assert_eq!(week(&house, "2026-W20").await.unwrap_err().code, Code::NotFound);
    let present = IsoWeek::of(today()).to_string();
    for wrong in [present.as_str(), "2026-W54", "soon"] {
        let refused = write(&house, wrong).await.unwrap_err();
        assert_eq!(refused.fields[0].path, "iso_week", "{wrong}");
    }
    house.stop().await;
}

#[tokio::test]
async fn an_admin_sees_what_sold_and_how_long_people_waited() {
    let house = House::start(Setup::default()).await;
    let (mia, ben) = (MemberId::new(), MemberId::new());
    let latte = |beans| Item { price_beans: beans, ..drink("latte", Some(mia), 63) };
    let mut events = vec![];
    for (minute, ready) in [(0, 100), (5, 200), (10, 900)] {
        let at = format!("2026-03-04T07:{minute:02}:00Z");
        events.extend(made(&at, ben, (30, ready), vec![latte(4)]));
    }
    let left = OrderId::new();
    events.push(event(left, 1, "2026-03-04T09:00:00Z", What::Placed(Placed::default())));
    events.push(event(left, 3, "2026-03-04T09:05:00Z", What::Expired(Expired {})));
    events.extend(made("2026-03-06T07:00:00Z", ben, (1, 2), vec![drink("tea", None, 40)]));
    take_in_all(&house, &events).await;

    let day = report(&house, "2026-03-04").await.unwrap();
    assert_eq!((day.first_day.as_str(), day.last_day.as_str()), ("2026-03-04", "2026-03-04"));
    assert_eq!((day.before.as_str(), day.after.as_str()), ("2026-03-03", "2026-03-05"));
    let sold = &day.sold[0];
    assert_eq!((sold.slug.as_str(), sold.count, sold.beans), ("latte", 3, 12));
    assert_eq!(day.by_hour, [pb::HourCount { hour: 8, count: 3 }]);
    let waits = day.waits.unwrap();
    assert_eq!((waits.orders, waits.median, waits.longest), (3, Some(200), Some(900)));
    assert_eq!(waits.ninth, Some(760));
    let outcomes: Vec<(&str, i64)> =
        day.outcomes.iter().map(|one| (one.outcome.as_str(), one.orders)).collect();
    assert_eq!(outcomes, [("completed", 3), ("expired", 1)]);

    let week = report(&house, "2026-W10").await.unwrap();
    assert_eq!(week.by_day.iter().map(|day| day.count).collect::<Vec<_>>(), [0, 0, 3, 0, 1, 0, 0]);
    assert_eq!((week.before.as_str(), week.after.as_str()), ("2026-W09", "2026-W11"));
    let now = report(&house, "").await.unwrap();
    assert_eq!((now.period, now.after.as_str()), (today().to_string(), ""));
    for wrong in ["2099-01-01", "2026-02-30", "W10"] {
        assert_eq!(report(&house, wrong).await.unwrap_err().fields[0].path, "period", "{wrong}");
    }
    house.stop().await;
}
