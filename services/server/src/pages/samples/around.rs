//! What stands around the rest: trusting the house, and errors.

use super::*;

pub(super) fn add(all: &mut Samples) {
    trust(all);
    errors(all);
}

fn trust(all: &mut Samples) {
    let trust = |standing, phone| TrustPage {
        shell: Shell::bare(),
        standing,
        name: "coffee.local".to_owned(),
        pages: "https://coffee.local:8443".to_owned(),
        phone,
    };
    let ours = |over_https| {
        let here = "http://coffee.local:8080/trust".to_owned();
        let fingerprint = ["4B F9 2F 35 77 B3 4D A6"; 4].join(" ");
        Standing::Ours(Ours { over_https, fingerprint, qr: qr::Qr::of(&here), here })
    };
    all.add("trust", trust(ours(false), Phone::Apple));
    all.add("trust-android", trust(ours(false), Phone::Android));
    all.add("trust-desk", trust(ours(false), Phone::Unknown));
    all.add("trust-done", trust(ours(true), Phone::Apple));
    all.add("trust-known", trust(Standing::Known, Phone::Apple));
    all.add("trust-here", trust(Standing::ThisMachine, Phone::Unknown));
    all.add("trust-off", trust(Standing::Off, Phone::Android));
    let profile = Profile {
        name: "coffee.local".to_owned(),
        profile: uuid::Uuid::nil(),
        root: uuid::Uuid::nil(),
        certificate: "aGVsbG8=".to_owned(),
    };
    all.add("part-profile", profile);
}

fn errors(all: &mut Samples) {
    let error = |emoji, title, says: &str, next| ErrorPage {
        shell: Shell::bare(),
        emoji,
        title: String::from(title),
        says: says.to_owned(),
        code: "unavailable".to_owned(),
        trace: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        next,
    };
    let leave = || Onward::Leave("/".to_owned());
    all.add("error-404", error("🍂", "Nothing here", "There is no such page.", leave()));
    let away = "The bar does not answer just now.";
    all.add("error-503", error("🛠️", "One moment, please", away, Onward::Reload(5)));
    let fields = [("csrf", "csrf-token"), ("key", "key-1"), ("note", "extra hot <3 \"please\"")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let again = Onward::Post(Again { action: "/menu/flat-white".to_owned(), fields });
    all.add("error-503-form", error("🛠️", "One moment, please", away, again));
}
