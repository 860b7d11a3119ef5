//! Installs an archive into a data directory as a node does, but in one process and without its separation of rights:
//! for `runtimes/pack`, which has made the archive itself and tries it before it offers it to anybody.
//!
//!     install DATA NAME VERSION ARCHIVE

use packages::PackageId;
use packages::archive::{Limits, unpack};
use packages::install::Installer;
use std::error::Error;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [data, name, version, archive] = arguments else {
        return Err("usage: install DATA NAME VERSION ARCHIVE".into());
    };
    let package = PackageId::parse(name, version)?;
    let installer = Installer::open(Path::new(data))?;
    let staging = installer.stage()?;
    let archive = File::open(archive)?;
    unpack(archive, staging.as_fd(), &package, &Limits::default())?;
    Ok(installer.publish(staging, &package, SystemTime::now())?)
}

#[expect(clippy::print_stderr, reason = "it is a command")]
fn tell(error: &dyn Error) {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    eprintln!("install: {text}");
}
