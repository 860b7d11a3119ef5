//! Whether runtimes can be mounted from sealed images, and what form each will have.

use super::finding::{Finding, in_words};
use crate::config::{Config, ImagePolicy};
use crate::runtimes;
use jail::host::{has_loop_devices, knows_file_system};
use packages::sealed::{Format, Manifest, fresh};

const NAME: &str = "runtime images";

/// What follows where one of the means is missing and another is there.
const SECOND: &str = "nothing, as long as the other one is there";
const FOLDERS: &str =
    "runtimes are mounted from their folders, where the page cache can't be told from the disk: ";

/// What this host has of what images need, as root.
pub(super) fn means() -> Vec<Finding> {
    let mut findings: Vec<_> = Format::ALL.into_iter().map(file_system).collect();
    findings.push(match has_loop_devices() {
        Ok(()) => Finding::ok("loop devices", "there"),
        Err(error) => Finding::missing(
            "loop devices",
            error.to_string(),
            format!("{FOLDERS}load the module loop, and let the node see /dev/loop-control"),
        ),
    });
    let name = "image tool";
    findings.push(match Format::ALL.into_iter().find_map(Format::tool) {
        Some(tool) => Finding::ok(name, tool.format.tool_name().0),
        None => Finding::missing(
            name,
            "neither mkfs.erofs nor mksquashfs",
            format!("{FOLDERS}apt-get install erofs-utils"),
        ),
    });
    findings
}

fn file_system(format: Format) -> Finding {
    if knows_file_system(format.name()) {
        Finding::ok(format.name(), "there")
    } else {
        Finding::missing(format.name(), "the kernel has none", SECOND)
    }
}

/// The form that each part will have when a node starts with this configuration; `None` without a store.
pub(super) fn forms(config: &Config) -> Option<Finding> {
    let (parts, _) = runtimes::parts(&config.data_directory).ok()?;
    if config.runtimes.images == ImagePolicy::Off {
        let without = "runtimes are mounted from their folders, as runtime_images says";
        return Some(Finding::note(NAME, "off", without));
    }
    let formats = match runtimes::means() {
        Ok(formats) => formats,
        Err(error) => return Some(without(config, in_words(&error))),
    };
    let tool = formats.iter().find_map(|format| format.tool());
    let mut folders = 0;
    let mut form = |part: &String| match fresh(&config.data_directory, part, &formats) {
        Ok(Some(Manifest {
            image: Some(image), ..
        })) => format!("{part} {}", image.format),
        _ => match &tool {
            Some(tool) => format!("{part} {} (to be sealed)", tool.format),
            None => {
                folders += 1;
                format!("{part} folder")
            }
        },
    };
    let forms = parts.iter().map(&mut form).collect::<Vec<_>>().join(", ");
    Some(if folders == 0 {
        Finding::ok(NAME, forms)
    } else {
        without(config, forms)
    })
}

fn without(config: &Config, detail: String) -> Finding {
    if config.runtimes.images == ImagePolicy::Require {
        let without = "the node does not start: correct it, or set runtime_images to \"auto\"";
        return Finding::blocking(NAME, detail, without);
    }
    let without = format!("{FOLDERS}see the lines on erofs, loop devices and the image tool");
    Finding::missing(NAME, detail, without)
}
