mod diners;
mod helpers;
mod life;
mod menu;
mod properties;
