//! Full disks, outside and inside.

use crate::configuration::refusal;
use crate::job::{answer, assert_serves, begin, options, python};
use capsule_tests::{Node, NodeOptions, store};

/// A node in a mount namespace of its own, in which a line of bash may mount things below /mnt.
fn with_mounts(line: &str) -> NodeOptions {
    let line =
        format!("set -e; mount -t tmpfs -o size=64k,nr_inodes=8 small /mnt; {line}; exec \"$@\"");
    options().set("state_directory", "/mnt/state").through([
        "unshare",
        "--mount",
        "--propagation=private",
        "bash",
        "-c",
        &line,
        "bash",
    ])
}

#[test]
fn a_full_state_directory_does_not_matter() {
    let node = Node::start(with_mounts(
        "mkdir /mnt/state; head -c 1M /dev/zero > /mnt/fill 2>/dev/null || true",
    ));
    assert_serves(&node);
}

#[test]
fn a_state_directory_that_can_not_be_made_is_one_sentence() {
    let told = refusal(with_mounts(
        "for i in 1 2 3 4 5 6 7 8 9; do : > /mnt/$i || true; done 2>/dev/null",
    ));
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].contains("claiming the state directory failed"),
        "{told:#?}"
    );
    assert!(told[0].contains("No space left"), "{told:#?}");
}

/// Images that are there are used; what has none is used from its folder.
#[test]
fn a_data_directory_that_is_read_only_does_not_matter() {
    let data = store();
    let line = format!(
        "mkdir /mnt/state /mnt/data; mount --bind {0} /mnt/data; mount -o remount,bind,ro /mnt/data",
        data.display()
    );
    let node = Node::start(with_mounts(&line).set("data_directory", "/mnt/data"));
    assert_serves(&node);
}

/// ENOSPC is the program's to deal with.
#[test]
fn jobs_that_fill_their_folders_only_hurt_themselves() {
    let node = Node::start(
        options()
            .set("box_size", 1 << 20)
            .set("tmp_size", 1 << 20)
            .set("max_inodes", 64),
    );
    let fill = "
import errno, os, sys
for folder in ['/box/submission', '/tmp', '/dev/shm']:
    try:
        with open(folder + '/fill', 'wb') as file:
            for _ in range(100):
                file.write(bytes(65536))
                file.flush()
        print('all written')
    except OSError as error:
        print(errno.errorcode[error.errno])
    os.remove(folder + '/fill')
    try:
        for i in range(1000):
            open(f'{folder}/{i}', 'w').close()
        print('all made')
    except OSError as error:
        print(errno.errorcode[error.errno])
";
    let jobs: Vec<_> = (0..4).map(|_| begin(&node, &python(fill))).collect();
    for job in jobs {
        let reply = answer(job).json();
        let expected = "ENOSPC\n".repeat(6);
        assert_eq!(reply["run"]["stdout"], expected, "{reply}");
    }
    assert_serves(&node);
}
