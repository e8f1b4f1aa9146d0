//! `/v1/me/favourites`

pub mod keep;
pub mod list;
pub mod order;
pub mod remove;

use serde::Deserialize;
use types::FavouriteId;
use utoipa::IntoParams;

/// Which favourite.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfFavourite {
    /// The favourite's id.
    #[param(value_type = String, example = "fav_01h455vb4pex5vsknk084sn02q")]
    pub id: FavouriteId,
}
