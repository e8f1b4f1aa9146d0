//! Signing in and out, and the news.

use super::*;

pub(super) fn add(all: &mut Samples) {
    all.add("sign-in", SignInPage { shell: Shell::bare(), withheld: false });
    all.add("link-over", LinkOverPage { shell: Shell::bare() });
    all.add("sign-out", SignOutPage { shell: shell(Tab::Elsewhere, 0) });
    let signed_out = |offer| SignedOutPage {
        shell: Shell { csrf: "csrf-token".to_owned(), ..Shell::bare() },
        withheld: false,
        offer,
        refused: None,
        unknown: None,
        was_guest: false,
    };
    all.add("signed-out-guest", SignedOutPage { was_guest: true, ..signed_out(Offer::Here) });
    all.add("signed-out", signed_out(Offer::Here));
    all.add("signed-out-plain", SignedOutPage { withheld: true, ..signed_out(Offer::PlainHttp) });
    let elsewhere = Offer::At("https://coffee.local:8443".to_owned());
    all.add("signed-out-elsewhere", signed_out(elsewhere));
    let unknown = SignedOutPage {
        refused: Some(
            "This passkey is not known here, or not any more. Sign in by a link, and \
                       remove it from your device."
                .to_owned(),
        ),
        unknown: Some("f91f391db4c9b2fd".to_owned()),
        ..signed_out(Offer::Here)
    };
    all.add("signed-out-unknown", unknown);
    let news = || {
        ["ready", "accepted", "queued"]
            .map(|kind| {
                let news = customer::Notification {
                    order_id: ORDER.to_owned(),
                    kind: kind.to_owned(),
                    title: format!("#12 is {kind}"),
                    body: "Flat white, Cocoa".to_owned(),
                    at: ago(100),
                    ..customer::Notification::default()
                };
                News::new(&news, &clock())
            })
            .to_vec()
    };
    all.add("news", NewsPage { shell: shell(Tab::News, 0), withheld: true, news: news() });
    all.add("part-news", NewsList { news: Vec::new() });
}
