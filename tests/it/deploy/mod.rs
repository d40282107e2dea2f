//! The ways to run an agent that `deploy` holds, each as far as it can be tried on one machine.
mod azure;
mod container;
mod systemd;
mod vmss;
