//! Loop devices: a file as a block device, which is how an image is mounted (loop(4)).

use linux_raw_sys::loop_device as raw;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Every kernel has pages of at least this size, and the images have blocks of it, in bytes.
const BLOCK: u32 = 4096;

/// Number of a loop device that was free a moment ago; `/dev/loopN` is made where there was none. `control` is
/// `/dev/loop-control`.
///
/// # Errors
/// No more can be made.
pub(crate) fn free_number(control: &File) -> io::Result<u32> {
    // SAFETY: the request takes no argument and returns a number.
    let number = unsafe {
        libc::ioctl(
            control.as_raw_fd(),
            libc::Ioctl::from(raw::LOOP_CTL_GET_FREE),
        )
    };
    u32::try_from(number).map_err(|_| io::Error::last_os_error())
}

/// Puts `image` behind the loop device, read-only, past the page cache where its file system can, until the last user
/// of the device is gone (`LOOP_CONFIGURE`, Linux 5.8).
///
/// # Errors
/// `EBUSY` when somebody else took the device meanwhile.
pub(crate) fn configure(device: &File, image: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: loop_config is plain integers, for which all zeroes means "the whole file, no options".
    let mut config: raw::loop_config = unsafe { std::mem::zeroed() };
    config.fd = u32::try_from(image.as_raw_fd()).map_err(io::Error::other)?;
    config.block_size = BLOCK;
    config.info.lo_flags = raw::LO_FLAGS_READ_ONLY as u32
        | raw::LO_FLAGS_AUTOCLEAR as u32
        | raw::LO_FLAGS_DIRECT_IO as u32;
    // SAFETY: the kernel only reads the structure, which lives through the call, and takes its own reference to the
    // file whose number is in it.
    let result = unsafe {
        libc::ioctl(
            device.as_raw_fd(),
            libc::Ioctl::from(raw::LOOP_CONFIGURE),
            &raw const config,
        )
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
