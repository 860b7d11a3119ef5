//! The listeners of a node, made by root: addresses, and socket files, which go away with the node.

use crate::config::{Address, Socket};
use crate::locks;
use crate::serve::StartError;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::socket::{
    self, AddressFamily, Backlog, SockFlag, SockType, UnixAddr, connect, listen,
};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Group, User};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, lchown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// One listener. Dropping it removes its socket file.
#[derive(Debug)]
pub(crate) struct Listener {
    _file: Option<SocketFile>,
    socket: OwnedFd,
    address: Address,
}

/// A socket file of this node, removed on drop unless something else has its name by then.
#[derive(Debug)]
struct SocketFile {
    place: SocketPlace,
    /// Device and inode.
    identity: (u64, u64),
}

/// A name in a folder that is looked up once: what was checked of it holds for all that is done in it.
#[derive(Debug)]
struct SocketPlace {
    folder: File,
    name: OsString,
}

/// What is found where a socket file is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// The socket of a process that is gone.
    Stale,
    /// A socket on which somebody listens.
    Live,
    /// Something else.
    Other,
}

impl Listener {
    /// Listens there. `owners` is for socket files.
    pub(crate) fn bind(address: &Address, owners: &Socket) -> Result<Self, StartError> {
        match address {
            Address::Tcp(address) => tcp(*address),
            Address::Unix(path) => unix(path, owners),
        }
    }

    /// Where it listens, with the port that the kernel chose where none was asked for.
    pub(crate) const fn address(&self) -> &Address {
        &self.address
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let path = self.place.path();
        if fs::symlink_metadata(&path).is_ok_and(|now| identity(&now) == self.identity)
            && let Err(error) = fs::remove_file(&path)
        {
            tracing::warn!(%error, name = %self.place.name.display(), "the socket can't be removed");
        }
    }
}

fn tcp(address: SocketAddr) -> Result<Listener, StartError> {
    let failed = |source| failed(Address::Tcp(address), source);
    let listener = TcpListener::bind(address).map_err(failed)?;
    longest_queue(&listener).map_err(failed)?;
    let address = Address::Tcp(listener.local_addr().map_err(failed)?);
    Ok(Listener {
        _file: None,
        socket: listener.into(),
        address,
    })
}

fn unix(path: &Path, owners: &Socket) -> Result<Listener, StartError> {
    let failed = |source| failed(Address::Unix(path.to_owned()), source);
    let (uid, gid) = ids(owners)?;
    let place = SocketPlace::open(path).map_err(failed)?;
    let metadata = place.folder.metadata().map_err(failed)?;
    // Others could put a link where the socket was just made, or take it away; in a sticky folder have its name first.
    if metadata.uid() != 0 || metadata.mode() & 0o022 != 0 {
        return Err(StartError::OpenFolder(
            path.parent().unwrap_or(path).to_owned(),
        ));
    }
    // Of two nodes that find the same stale socket, one must not remove the other's new one.
    let turn = locks::open(Path::new(locks::SOCKETS)).map_err(failed)?;
    let _turn = Flock::lock(turn, FlockArg::LockExclusiveNonblock)
        .map_err(|(_, error)| failed(error.into()))?;
    let held = place.path();
    match look(&held).map_err(failed)? {
        Found::Nothing => {}
        Found::Stale => fs::remove_file(&held).map_err(failed)?,
        Found::Live => return Err(failed(io::ErrorKind::AddrInUse.into())),
        Found::Other => return Err(StartError::NoSocket(path.to_owned())),
    }
    // It never has more rights than it ends up with; no other thread makes files meanwhile.
    let before = umask(Mode::from_bits_truncate(!owners.mode & 0o777));
    let bound = UnixListener::bind(&held);
    umask(before);
    let listener = bound.map_err(failed)?;
    let file = SocketFile {
        identity: identity(&fs::symlink_metadata(&held).map_err(failed)?),
        place,
    };
    lchown(&held, Some(uid), Some(gid)).map_err(failed)?;
    longest_queue(&listener).map_err(failed)?;
    Ok(Listener {
        _file: Some(file),
        socket: listener.into(),
        address: Address::Unix(path.to_owned()),
    })
}

impl SocketPlace {
    fn open(path: &Path) -> io::Result<Self> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidFilename.into());
        };
        Ok(Self {
            folder: File::open(folder)?,
            name: name.to_owned(),
        })
    }

    /// Leads into the folder that is held, whatever became of its name.
    fn path(&self) -> PathBuf {
        let folder = format!("/proc/self/fd/{}", self.folder.as_raw_fd());
        Path::new(&folder).join(&self.name)
    }
}

/// What is at the path of a socket.
pub(crate) fn look(path: &Path) -> io::Result<Found> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    };
    if !metadata.file_type().is_socket() {
        return Ok(Found::Other);
    }
    // One whose queue is full lives, and would be waited for.
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let probe = socket::socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    match connect(probe.as_raw_fd(), &UnixAddr::new(path)?) {
        Err(Errno::ECONNREFUSED) => Ok(Found::Stale),
        Err(Errno::ENOENT) => Ok(Found::Nothing),
        Ok(()) | Err(_) => Ok(Found::Live),
    }
}

fn ids(owners: &Socket) -> Result<(u32, u32), StartError> {
    let unknown = |kind, name: &String| StartError::NoOwner {
        kind,
        name: name.clone(),
    };
    let looked_up = |error: Errno| StartError::System {
        what: "looking up the socket's owner",
        source: error.into(),
    };
    let user = User::from_name(&owners.user).map_err(looked_up)?;
    let group = Group::from_name(&owners.group).map_err(looked_up)?;
    Ok((
        user.ok_or_else(|| unknown("account", &owners.user))?
            .uid
            .as_raw(),
        group
            .ok_or_else(|| unknown("group", &owners.group))?
            .gid
            .as_raw(),
    ))
}

/// The standard library's queue is too short for those who come while a front is replaced: what does not fit is
/// dropped, and comes again a second later.
fn longest_queue(listener: &impl AsFd) -> io::Result<()> {
    Ok(listen(listener, Backlog::MAXCONN)?)
}

const fn failed(address: Address, source: io::Error) -> StartError {
    StartError::Listen { address, source }
}

fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        assert_eq!(look(&path).unwrap(), Found::Nothing);
        let listener = UnixListener::bind(&path).unwrap();
        assert_eq!(look(&path).unwrap(), Found::Live);
        drop(listener);
        assert_eq!(look(&path).unwrap(), Found::Stale);
        let file = folder.path().join("file");
        fs::write(&file, "kept").unwrap();
        assert_eq!(look(&file).unwrap(), Found::Other);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(look(&link).unwrap(), Found::Other);
    }

    #[test]
    fn a_full_queue_is_alive() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let listener = UnixListener::bind(&path).unwrap();
        listen(&listener, Backlog::new(0).unwrap()).unwrap();
        let _waiting = std::os::unix::net::UnixStream::connect(&path).unwrap();
        assert_eq!(look(&path).unwrap(), Found::Live);
    }

    #[test]
    fn a_place_stays_the_folder_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (before, after) = (folder.path().join("a"), folder.path().join("b"));
        fs::create_dir(&before).unwrap();
        let place = SocketPlace::open(&before.join("a.sock")).unwrap();
        fs::rename(&before, &after).unwrap();
        fs::create_dir(&before).unwrap();
        let _listener = UnixListener::bind(place.path()).unwrap();
        assert_eq!(look(&before.join("a.sock")).unwrap(), Found::Nothing);
        assert_eq!(look(&after.join("a.sock")).unwrap(), Found::Live);
    }

    #[test]
    fn a_file_of_anothers_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        fs::write(&path, "").unwrap();
        let own = SocketFile {
            place: SocketPlace::open(&path).unwrap(),
            identity: identity(&fs::symlink_metadata(&path).unwrap()),
        };
        let other = folder.path().join("b");
        fs::write(&other, "").unwrap();
        fs::rename(&other, &path).unwrap();
        drop(own);
        assert!(path.exists());
    }
}
