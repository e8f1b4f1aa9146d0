//! What the samples show, and that they keep to the content security policy.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{super::assets, Sample, all};

#[test]
fn every_template_renders_with_samples_and_keeps_to_the_policy() {
    for Sample { name, html, of: _ } in &all().0 {
        assert!(!html.contains("style="), "{name}: an inline style");
        assert!(!html.contains("<style"), "{name}: an inline stylesheet");
        assert!(!html.contains(" onclick="), "{name}: an inline handler");
        assert!(!html.contains("<3"), "{name}: a note is not escaped");
        for tag in html.split("<script").skip(1) {
            let (tag, body) = tag.split_once('>').unwrap();
            assert!(tag.contains("src=\"/assets/"), "{name}: {tag}");
            assert!(body.starts_with("</script>"), "{name}: an inline script");
        }
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let get = form.contains("method=\"get\"");
            assert!(get || form.contains("name=\"csrf\""), "{name}: a form without its token");
        }
        let whole = html.trim_start().starts_with("<!doctype html>");
        assert_eq!(whole, !name.starts_with("part-"), "{name}: page or part");
        let said = html.matches("role=\"status\"").count();
        assert_eq!(said, usize::from(whole), "{name}: one line that says what changed");
        assert!(!html.contains("aria-live"), "{name}: that line is the only one");
    }
}

/// The files below a folder, by their paths from it.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                let name = entry.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read_to_string(&entry).unwrap());
            }
        }
    }
    found
}

/// What stands between quotes behind each `start`.
fn quoted<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(|rest| rest.split('"').next())
}

#[test]
fn every_template_has_a_sample_or_is_part_of_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let templates = files(&root.join("templates"));
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for text in templates.values() {
        for word in ["{% include \"", "{% extends \"", "{% import \""] {
            used.extend(quoted(text, word));
        }
    }
    let sources = files(&root.join("src/pages"));
    let mut structs = BTreeSet::new();
    for text in sources.values() {
        for after in text.split("#[template(path = \"").skip(1) {
            used.extend(after.split('"').next());
            let (_, after) = after.split_once("struct ").unwrap();
            structs.extend(after.split(|letter: char| !letter.is_alphanumeric()).next());
        }
    }
    assert_eq!(used, templates.keys().map(String::as_str).collect(), "templates and their users");
    let rendered: BTreeSet<&str> = all().0.iter().map(|sample| sample.of).collect();
    assert_eq!(rendered, structs, "samples and the structs with a template");
}

#[test]
fn an_order_with_nothing_to_do_offers_no_button() {
    let all = all();
    let html = |name: &str| all.html(name);
    assert!(html("order-queued").contains("/cancel\""));
    assert!(!html("order-preparing").contains("<form"));
    assert!(html("order-ready").contains("/pick-up\""));
    assert!(html("counter").contains("/accept\"") && html("counter").contains("/tick\""));
    assert!(html("menu").contains("data-position=\"k3x-120\""));
    assert!(html("drink-errors").contains("What is your guest’s name?"));
}

#[test]
fn what_ends_by_the_clock_says_when() {
    let all = all();
    let ends = |name: &str, at: &str| {
        assert!(all.html(name).contains(&format!("data-until=\"{at}\"")), "{name}");
    };
    let (pause, morning) = ("2026-11-22T08:39:00Z", "2026-11-22T19:20:40Z");
    ends("menu-cart", pause);
    ends("counter-quiet", pause);
    ends("part-counter-bar", pause);
    ends("menu", morning);
    ends("part-offers", morning);
    assert!(!all.html("part-bar").contains("data-until"), "an open bar");
    // The switch is a part of its own: it has to turn back too.
    assert_eq!(all.html("counter-quiet").matches("data-until").count(), 2);
}

/// Writes the samples, with the assets, into the folder that PAGES names, to be
/// looked at in a browser.
#[test]
fn written_down_where_somebody_wants_to_look_at_them() {
    let Some(folder) = std::env::var_os("PAGES").map(std::path::PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).unwrap();
    for asset in assets::ASSETS {
        std::fs::write(folder.join(asset.name), asset.bytes).unwrap();
    }
    let prefix = format!("/assets/{}/", assets::version());
    for Sample { name, html, of: _ } in all().0 {
        std::fs::write(folder.join(format!("{name}.html")), html.replace(&prefix, "")).unwrap();
    }
}
