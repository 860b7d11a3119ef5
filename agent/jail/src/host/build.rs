//! Makes one jail, from its cgroups to an init that waits for a job.

use super::{Spec, StageEnds, pipes};
use crate::cgroup::{self, CgroupError, Leaf};
use crate::init::{self, FIRST_FD};
use crate::proto::{
    At, Failure, FromBuilder, HostIds, MAX_PACKET, ProtoError, Stage, Step, ToBuilder, decode,
};
use crate::sys::{self, process::Cloned};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, UnixCredentials, recvmsg,
    send, setsockopt, socketpair, sockopt,
};
use nix::sys::time::TimeVal;
use nix::unistd::Pid;
use std::fs::{self, File};
use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// A step of init that takes longer than this has failed, in seconds.
const PATIENCE_S: i64 = 5;

/// pid, mount, ipc, uts, cgroup and network namespaces; init enters its user namespace itself, later. The parent is
/// the warden, not the builder, so that init dies with the warden and is collected by it.
const FLAGS: i32 = libc::CLONE_PARENT | NAMESPACES;

/// Those of init from its start.
pub(crate) const NAMESPACES: i32 = libc::CLONE_NEWPID
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWNET;

/// A jail that waits for its job.
#[derive(Debug)]
pub struct Built {
    /// Init's pid, in the builder's namespace.
    pub pid: i32,
    /// Init as a pidfd.
    pub init: OwnedFd,
    /// The front's end of the control channel, non-blocking.
    pub control: OwnedFd,
    /// The front's ends of the stages' pipes, by [`Stage::index`].
    pub stdio: [StageEnds; 2],
    /// On cgroup v1, readable when a stage ran out of memory.
    pub oom: OwnedFd,
}

/// Makes the jail `groups` with these ids, as a child of this process's parent. On failure everything but the (then empty)
/// cgroups is gone.
///
/// The caller's memory is in the jail's init: it must be a process that was executed for this, without environment and
/// secrets, as [`start_builder`](super::start_builder) starts it.
///
/// # Errors
/// The step that failed, init's own included.
pub fn build(spec: &Spec, groups: &cgroup::Jail, ids: HostIds) -> Result<Built, Failure> {
    let in_cgroup = |error: CgroupError| Failure {
        step: Step::Cgroup,
        errno: error.errno(),
    };
    groups
        .create(spec.jail_memory, spec.jail_processes, spec.jail_millicores)
        .map_err(in_cgroup)?;
    let oom =
        EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK).at(Step::Cgroup)?;
    groups
        .watch_oom(oom.as_fd().as_raw_fd())
        .map_err(in_cgroup)?;

    let (compile_inside, compile_front) = pipes::make(ids.program).at(Step::Pipes)?;
    let (run_inside, run_front) = pipes::make(ids.program).at(Step::Pipes)?;
    let pair = |kind| {
        socketpair(AddressFamily::Unix, kind, None, SockFlag::SOCK_CLOEXEC).at(Step::Sockets)
    };
    let (control, control_inside) = pair(SockType::Stream)?;
    let (setup, setup_inside) = pair(SockType::SeqPacket)?;
    let mut inside = vec![setup_inside, control_inside];
    inside.extend(compile_inside);
    inside.extend(run_inside);

    let leaf = groups.start_inside(Leaf::Init).map_err(in_cgroup)?;
    let namespaces = u64::try_from(FLAGS)
        .map_err(std::io::Error::other)
        .at(Step::Clone)?;
    let (pid, init) = match sys::process::clone_into(namespaces, leaf.as_ref().map(AsFd::as_fd))
        .at(Step::Clone)?
    {
        Cloned::Child => become_init(&inside),
        Cloned::Parent(pid, init) => (pid, init),
    };
    drop(inside);
    let setup = Setup {
        socket: setup,
        init: pid,
        groups,
        ids,
    };
    if let Err(failure) = setup.converse(spec, leaf.is_none()) {
        // Already dead is as good.
        super::kill(init.as_fd()).ok();
        return Err(failure);
    }
    nix::fcntl::fcntl(
        &control,
        nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK),
    )
    .at(Step::Sockets)?;
    Ok(Built {
        pid: pid.as_raw(),
        init,
        control,
        stdio: [compile_front, run_front],
        oom: oom.into(),
    })
}

/// In the new process: the agreed descriptors and nothing else. Executing the binary once more took a tenth of all that a
/// job takes.
#[expect(
    clippy::exit,
    reason = "a cloned child must not return into its parent's code"
)]
fn become_init(inside: &[OwnedFd]) -> ! {
    let place = || -> std::io::Result<()> {
        let null: OwnedFd = File::options()
            .read(true)
            .write(true)
            .open("/dev/null")?
            .into();
        let mut fds = vec![null.as_fd(); FIRST_FD as usize];
        fds.extend(inside.iter().map(AsFd::as_fd));
        let placed = sys::fd::place_all(&fds, 0);
        // Closed there: its number may be that of another by now.
        std::mem::forget(null);
        placed
    };
    // The builder sees the setup channel close.
    std::process::exit(if place().is_err() { 127 } else { init::live() });
}

/// The builder's end of the setup channel.
struct Setup<'a> {
    socket: OwnedFd,
    init: Pid,
    groups: &'a cgroup::Jail,
    ids: HostIds,
}

impl Setup<'_> {
    fn converse(&self, spec: &Spec, attach_init: bool) -> Result<(), Failure> {
        setsockopt(&self.socket, sockopt::PassCred, &true).at(Step::Sockets)?;
        setsockopt(
            &self.socket,
            sockopt::ReceiveTimeout,
            &TimeVal::new(PATIENCE_S, 0),
        )
        .at(Step::Sockets)?;
        if attach_init {
            self.attach(Leaf::Init, self.init)?;
        }
        self.send(&FromBuilder::Setup(spec.setup(self.ids)))?;
        let mut waiting = Stage::ALL.len();
        loop {
            match self.receive()? {
                (ToBuilder::WantMaps, _) => {
                    map_ids(self.init, self.ids).at(Step::UidMaps)?;
                    self.send(&FromBuilder::Mapped)?;
                }
                (ToBuilder::Holder(stage), pid) => {
                    self.attach(Leaf::Stage(stage), pid)?;
                    waiting = waiting.saturating_sub(1);
                    if waiting == 0 {
                        self.send(&FromBuilder::Attached)?;
                    }
                }
                (ToBuilder::Ready, _) => return Ok(()),
                (ToBuilder::Failed(failure), _) => return Err(failure),
            }
        }
    }

    fn attach(&self, leaf: Leaf, pid: Pid) -> Result<(), Failure> {
        // 0 would be this process itself (cgroups(7)).
        if pid.as_raw() <= 0 {
            return Err(Failure {
                step: Step::Attach,
                errno: libc::ESRCH,
            });
        }
        self.groups
            .attach(leaf, pid.as_raw())
            .map_err(|error| Failure {
                step: Step::Attach,
                errno: error.errno(),
            })
    }

    fn send(&self, message: &FromBuilder) -> Result<(), Failure> {
        let packet = postcard::to_allocvec(message)
            .map_err(ProtoError::Encode)
            .at(Step::Handshake)?;
        send(self.socket.as_raw_fd(), &packet, MsgFlags::MSG_NOSIGNAL).at(Step::Handshake)?;
        Ok(())
    }

    /// One message, and who the kernel says sent it, in this process's pid namespace.
    fn receive(&self) -> Result<(ToBuilder, Pid), Failure> {
        let mut packet = [0u8; MAX_PACKET];
        let mut space = nix::cmsg_space!(UnixCredentials);
        let mut slices = [IoSliceMut::new(&mut packet)];
        let raw = self.socket.as_raw_fd();
        let message = recvmsg::<()>(raw, &mut slices, Some(&mut space), MsgFlags::empty())
            .at(Step::Handshake)?;
        let length = message.bytes;
        let sender = message
            .cmsgs()
            .at(Step::Handshake)?
            .find_map(|control| match control {
                ControlMessageOwned::ScmCredentials(credentials) => {
                    Some(Pid::from_raw(credentials.pid()))
                }
                _ => None,
            });
        let closed = || Failure {
            step: Step::Handshake,
            errno: libc::EPIPE,
        };
        let sender = sender.filter(|_| length > 0).ok_or_else(closed)?;
        let message = decode(packet.get(..length).unwrap_or_default()).at(Step::Handshake)?;
        Ok((message, sender))
    }
}

/// Two ids of the host and no other exist inside (user_namespaces(7)).
pub(crate) fn map_ids(process: Pid, ids: HostIds) -> std::io::Result<()> {
    let map = format!(
        "{} {} 1\n{} {} 1\n",
        crate::init::INIT_ID,
        ids.init,
        crate::init::PROGRAM_ID,
        ids.program
    );
    fs::write(format!("/proc/{process}/uid_map"), &map)?;
    fs::write(format!("/proc/{process}/gid_map"), &map)
}
