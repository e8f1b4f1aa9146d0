//! order-service, asked under this service's own credential: it knows the menu.

use std::time::Duration;

use customer_domain::favourites::Became;
use runtime::{AppError, Code};
use types::{Beans, MemberId};
use wire::order::v1::{self as pb, order_service_client::OrderServiceClient};

/// How long one call may take: a person waits.
const DEADLINE: Duration = Duration::from_secs(1);
/// Nobody waits for this.
const FORGETTING: Duration = Duration::from_secs(20);

/// The calls that this service makes of order-service.
#[derive(Debug, Clone)]
pub struct Orders {
    client: OrderServiceClient<runtime::grpc::Channel>,
}

/// A drink as the menu stands.
#[derive(Debug, Clone)]
pub struct Checked {
    /// None: it cannot be had.
    pub item: Option<pb::Item>,
    /// What became of it, for who knew it before.
    pub became: Became,
    /// Why it is not what was asked for, for people; empty: it is.
    pub says: String,
    /// The same by its code.
    pub code: Option<Code>,
}

impl Orders {
    pub fn new(channel: runtime::grpc::Channel) -> Self {
        Self { client: OrderServiceClient::new(channel) }
    }

    /// Has it forget somebody who left; whether nothing of them is left there. One call.
    pub async fn forget(&self, member: MemberId) -> Result<bool, AppError> {
        let mut request =
            tonic::Request::new(pb::ForgetMemberRequest { member_id: member.to_string() });
        request.set_timeout(FORGETTING);
        let mut client = self.client.clone();
        Ok(client.forget_member(request).await?.into_inner().forgotten)
    }

    /// What each of these is now. One call.
    pub async fn check(&self, items: Vec<pb::ItemRequest>) -> Result<Vec<Checked>, AppError> {
        let asked = items.len();
        let mut request = tonic::Request::new(pb::CheckItemsRequest { items });
        request.set_timeout(DEADLINE);
        let mut client = self.client.clone();
        let pb::CheckItemsResponse { items } = client.check_items(request).await?.into_inner();
        if items.len() != asked {
            return Err(AppError::internal("order-service did not say of each drink what it is"));
        }
        items.into_iter().map(checked).collect()
    }
}

fn checked(wire: pb::CheckedItem) -> Result<Checked, AppError> {
    let pb::CheckedItem { item, code, says } = wire;
    let code = Code::parse(&code);
    let became = match (code, &item) {
        (Some(Code::SoldOut), _) => Became::SoldOut,
        (Some(Code::NotOnTheMenu), _) => Became::NotOnTheMenu,
        (Some(Code::ChoicesChanged), _) => Became::ChoicesChanged,
        (None, Some(item)) => Became::Costs(Beans::new(item.price_beans)),
        (Some(_), _) | (None, None) => {
            return Err(AppError::internal("order-service answered nothing that is known"));
        }
    };
    Ok(Checked { item, became, says, code })
}
