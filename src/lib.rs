pub mod catalog;
pub mod clock;
pub mod facts;
pub mod judge;
pub mod observe;
pub mod plan;
