//! Mount attributes over a whole tree of mounts.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Makes `tree` and every mount below it read-only, without setuid and device nodes (mount_setattr(2), Linux 5.12).
/// A remount with `MS_BIND` changes the topmost mount only.
pub(crate) fn protect(tree: &Path) -> io::Result<()> {
    let path = CString::new(tree.as_os_str().as_bytes())?;
    // SAFETY: mount_attr is plain integers, for which all zeroes means "change nothing".
    let mut attributes: libc::mount_attr = unsafe { std::mem::zeroed() };
    attributes.attr_set =
        libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
    // SAFETY: the kernel only reads the path and the attributes, which both live through the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            libc::AT_RECURSIVE,
            &raw mut attributes,
            std::mem::size_of::<libc::mount_attr>(),
        )
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
