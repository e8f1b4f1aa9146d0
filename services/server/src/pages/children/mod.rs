//! Children, for whoever looks after them: their day, their limits, what they ask.

pub(crate) mod approvals;
pub(crate) mod child;
pub(crate) mod diet;

use askama::Template;

use super::{
    frame::Frame,
    view::{Person, Shell, Tab, children::DayView},
};
use crate::web::{Page, PageError};

#[derive(Template)]
#[template(path = "children/page.html")]
pub(crate) struct ChildrenPage {
    pub(crate) shell: Shell,
    pub(crate) children: Vec<(Person, Option<DayView>)>,
    /// How many orders wait for a yes.
    pub(crate) waiting: usize,
}

/// `GET /children`
pub(crate) async fn page(frame: Frame) -> Result<Page<ChildrenPage>, PageError> {
    let (people, wards, waiting) =
        tokio::join!(frame.people(), frame.wards(), approvals::waiting(&frame));
    let mut children = Vec::with_capacity(wards.len());
    for child in wards {
        let day = frame.day(child.id.clone()).await;
        children.push((child, day));
    }
    let waiting = waiting?.len();
    Ok(Page(ChildrenPage { shell: frame.shell(Tab::Me, &people), children, waiting }))
}
