//! Beans, and what holds for the whole house.

use super::*;

pub(super) fn add(all: &mut Samples) {
    beans(all);
    house(all);
}

fn beans(all: &mut Samples) {
    let entry = |kind: &str, cause: &str, beans, words: &str| {
        let entry = customer::LedgerEntry {
            kind: kind.to_owned(),
            cause: cause.to_owned(),
            beans,
            balance_beans: 31,
            other_member_id: OMA.to_owned(),
            words: words.to_owned(),
            at: ago(4000),
            ..customer::LedgerEntry::default()
        };
        Entry::new(&entry, &people(), &clock())
    };
    let entries = || {
        vec![
            entry("order", ORDER, -8, ""),
            entry("gift", "gft_1", 5, "for the dishes <3"),
            entry("gift", "gft_2", -2, ""),
            entry("reward", "coffee-20", 3, ""),
            entry("correction", "cor_1", 1, "counted the jar again"),
            entry("allowance", "2026-W47", 20, ""),
            entry("opening", "", 20, ""),
        ]
    };
    let beans = |errors: Errors, entries, family| BeansPage {
        shell: shell(Tab::Menu, 0),
        wallet: Wallet { count: 31, free_bar: false },
        card: Card::new(&customer::Balance {
            stamp_card: Some(customer::StampCard { stamps: 7, of: 10, filled: 2 }),
            ..customer::Balance::default()
        }),
        form: GiftView {
            key: "key-1".to_owned(),
            people: vec![(people().get(PAPA), false), (people().get(OMA), true)],
            beans: "40".to_owned(),
            words: "for the <3 dishes".to_owned(),
            errors,
        },
        entries,
        next: String::new(),
        admin: true,
        family,
    };
    all.add("beans", beans(Errors::default(), entries(), Vec::new()));
    all.add("beans-empty", beans(Errors::default(), Vec::new(), Vec::new()));
    let mut wrong = Errors::general("There are only 31 beans left to give.");
    wrong.add("beans", "How many? A whole number, please.");
    let family =
        [PAPA, OMA].map(|id| Purse { person: people().get(id), beans: 12 }).into_iter().collect();
    all.add("beans-admin", beans(wrong, entries(), family));
    let member = |errors| MemberBeansPage {
        shell: shell(Tab::Menu, 0),
        person: people().get(OMA),
        wallet: Wallet { count: -3, free_bar: true },
        form: CorrectionView {
            key: "key-1".to_owned(),
            takes: true,
            beans: "7".to_owned(),
            words: "the jar".to_owned(),
            errors,
        },
        entries: entries(),
        next: "older".to_owned(),
    };
    all.add("beans-member", member(Errors::default()));
    let mut wrong = Errors::default();
    wrong.add("reason", "Why? They will want to know.");
    all.add("beans-member-wrong", member(wrong));
}

fn house(all: &mut Samples) {
    let house = |errors| HousePage {
        shell: shell(Tab::Menu, 0),
        form: HouseView {
            version: 3,
            free_bar: false,
            debt: "10".to_owned(),
            weekly: "50".to_owned(),
            changed: "Mia set this, today at 9:14.".to_owned(),
            errors,
        },
    };
    all.add("house", house(Errors::default()));
    let mut wrong = Errors::general("Somebody else changed the house’s settings meanwhile.");
    wrong.add("floor_beans", "How many? A whole number, please; 0 is one.");
    all.add("house-wrong", house(wrong));
}
