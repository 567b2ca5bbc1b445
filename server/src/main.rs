//! The `triptych` program.

fn main() -> std::process::ExitCode {
    triptych_server::cli::main()
}
