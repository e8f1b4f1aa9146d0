//! What belongs to a person: signing in and out, news, beans.

pub(crate) mod sign_in;

use askama::Template;
use wire::customer::v1 as pb;

use super::{
    frame::Frame,
    view::{Entry, News, Shell, Tab, Wallet},
};
use crate::{
    extract::Query,
    problem::Problem,
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

#[derive(Template)]
#[template(path = "account/beans.html")]
pub(crate) struct BeansPage {
    pub(crate) shell: Shell,
    pub(crate) wallet: Wallet,
    pub(crate) entries: Vec<Entry>,
    pub(crate) next: String,
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

/// Where the statement goes on.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct From {
    #[serde(default)]
    cursor: String,
}

/// `GET /beans?cursor=`
pub(crate) async fn beans(
    frame: Frame,
    from: Result<Query<From>, Problem>,
) -> Result<Page<BeansPage>, PageError> {
    let Query(From { cursor }) = from?;
    let balance = pb::GetBalanceRequest { member_id: String::new() };
    let statement = pb::GetStatementRequest { member_id: String::new(), cursor, limit: PAGE_SIZE };
    let (mut first, mut second) =
        (frame.app.customers(&frame.viewer), frame.app.customers(&frame.viewer));
    let (balance, statement, people) =
        tokio::join!(first.get_balance(balance), second.get_statement(statement), frame.people(),);
    let pb::GetStatementResponse { entries, next_cursor } = statement?.into_inner();
    Ok(Page(BeansPage {
        shell: frame.shell(Tab::Menu, &people),
        wallet: Wallet::new(&balance?.into_inner()),
        entries: entries.iter().map(|entry| Entry::new(entry, frame.clock())).collect(),
        next: next_cursor,
    }))
}
