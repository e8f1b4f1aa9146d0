//! What belongs to a person: signing in and out, news.

pub(crate) mod join;
pub(crate) mod leave;
pub(crate) mod me;
pub(crate) mod passkeys;
pub(crate) mod pin;
pub(crate) mod sign_in;
pub(crate) mod tokens;

use askama::Template;
use wire::customer::v1 as pb;

use super::{
    frame::Frame,
    view::{News, Shell, Tab},
};
use crate::{
    secure_context::Withheld,
    web::{Page, PageError},
};

#[derive(Template)]
#[template(path = "account/notifications.html")]
pub(crate) struct NewsPage {
    pub(crate) shell: Shell,
    pub(crate) withheld: bool,
    pub(crate) news: Vec<News>,
}

#[derive(Template)]
#[template(path = "account/news.html")]
pub(crate) struct NewsList {
    pub(crate) news: Vec<News>,
}

const PAGE_SIZE: i32 = 30;

async fn newest(frame: &Frame) -> Result<Vec<News>, PageError> {
    let request = pb::ListNotificationsRequest { cursor: String::new(), limit: PAGE_SIZE };
    let found = frame.app.customers(&frame.viewer).list_notifications(request).await?.into_inner();
    Ok(found.notifications.iter().map(|news| News::new(news, frame.clock())).collect())
}

/// `GET /notifications`
pub(crate) async fn news(
    Withheld(withheld): Withheld,
    frame: Frame,
) -> Result<Page<NewsPage>, PageError> {
    let (news, people) = tokio::join!(newest(&frame), frame.people());
    Ok(Page(NewsPage { shell: frame.shell(Tab::News, &people), withheld, news: news? }))
}

/// `GET /notifications/list`
pub(crate) async fn news_list(frame: Frame) -> Result<Page<NewsList>, PageError> {
    Ok(Page(NewsList { news: newest(&frame).await? }))
}
