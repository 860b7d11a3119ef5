//! Mounting read-only images of runtimes, in the mount namespace of this process.

use crate::sys::loop_device;
use nix::mount::{MsFlags, mount};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

/// How often a loop device may be taken by somebody else between asking for one and taking it.
const ATTEMPTS: usize = 16;

/// Mounts the image at `target`, read-only, without setuid and device nodes. `format` is the kernel's name of its file
/// system. The loop device goes away with the last mount of it, whatever way that ends.
///
/// # Errors
/// There is no loop device, or the kernel does not take the image.
pub fn mount_image(image: &Path, format: &str, target: &Path) -> io::Result<()> {
    let image = File::open(image)?;
    let (_device, path) = attach(&image)?;
    let flags = MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    // Once mounted, the device is held by the mount; on failure it is free again when it is closed here.
    Ok(mount(
        Some(path.as_str()),
        target,
        Some(format),
        flags,
        None::<&str>,
    )?)
}

fn attach(image: &File) -> io::Result<(File, String)> {
    let control = File::options()
        .read(true)
        .write(true)
        .open("/dev/loop-control")?;
    let mut attempts = ATTEMPTS;
    loop {
        attempts -= 1;
        let path = format!("/dev/loop{}", loop_device::free_number(&control)?);
        let device = OpenOptions::new().read(true).open(&path)?;
        match loop_device::configure(&device, image.as_fd()) {
            Ok(()) => return Ok((device, path)),
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && attempts > 0 => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether the kernel knows a file system; the question has it load the module, if there is one. Mounts nothing.
#[must_use]
pub fn knows_file_system(format: &str) -> bool {
    // A device that holds no file system: a kernel that knows the format refuses it in another way than ENODEV.
    let flags = MsFlags::MS_RDONLY;
    mount(Some("/dev/null"), "/", Some(format), flags, None::<&str>)
        != Err(nix::errno::Errno::ENODEV)
}

/// Whether there are loop devices, by asking for a free one.
///
/// # Errors
/// Why there are none.
pub fn has_loop_devices() -> io::Result<()> {
    let control = File::open("/dev/loop-control")?;
    let number = loop_device::free_number(&control)?;
    File::open(format!("/dev/loop{number}")).map(drop)
}
