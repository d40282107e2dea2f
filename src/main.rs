//! The `fencepost` command.

fn main() -> std::process::ExitCode {
    fencepost::cli::main()
}
