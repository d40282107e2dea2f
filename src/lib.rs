pub mod catalog;
pub mod clock;
pub mod facts;
pub mod judge;
pub mod lab;
pub mod observe;
pub mod plan;
