//! Whatever happens in whatever order, every living process of a jail has one owner, no two jails share an id, and at the
//! end nothing is left.

use super::world::{Role, World, name};
use super::*;
use std::collections::BTreeSet;

/// What can happen next. Places count round whatever there is.
#[derive(Clone, Debug)]
enum Event {
    /// The front says something.
    Said(ToWarden),
    BuilderSucceeds(usize),
    BuilderFails(usize),
    BuilderDies(usize),
    BuilderAborts(usize),
    BuilderStalls(usize),
    InitDies(usize),
    OrphanDies(usize),
    OutOfMemory(usize),
    /// Whether the kernel forks.
    Forks(bool),
    /// Whether it removes groups.
    Removes(bool),
    /// The front dies, and another takes its place.
    FrontDies,
    /// The warden takes over what is built.
    Hears,
    /// It collects the dead.
    Collects,
    /// It follows up what nobody tells it.
    Tidies,
}

fn any_event() -> impl Strategy<Value = Event> {
    let place = || 0..MAX_JAILS as usize;
    let create = any::<u64>().prop_map(|n| Event::Said(ToWarden::Create(RequestId(n))));
    let destroy = (0..10_u64).prop_map(|n| Event::Said(ToWarden::Destroy(JailId(n))));
    prop_oneof![
        6 => create,
        2 => destroy,
        3 => any_message().prop_map(Event::Said),
        6 => place().prop_map(Event::BuilderSucceeds),
        1 => place().prop_map(Event::BuilderFails),
        1 => place().prop_map(Event::BuilderDies),
        1 => place().prop_map(Event::BuilderAborts),
        1 => place().prop_map(Event::BuilderStalls),
        2 => place().prop_map(Event::InitDies),
        1 => place().prop_map(Event::OrphanDies),
        1 => place().prop_map(Event::OutOfMemory),
        1 => prop::bool::weighted(0.7).prop_map(Event::Forks),
        1 => prop::bool::weighted(0.7).prop_map(Event::Removes),
        1 => Just(Event::FrontDies),
        6 => Just(Event::Hears),
        6 => Just(Event::Collects),
        4 => Just(Event::Tidies),
    ]
}

/// The warden's jails, the front that they belong to, and what that front still waits for.
struct Model {
    jails: Jails<World>,
    front: Front,
    theirs: OwnedFd,
    ordered: Vec<RequestId>,
}

impl Model {
    fn new() -> Self {
        let (link, theirs) = channel();
        Self {
            jails: jails(),
            front: Front::unreal(link),
            theirs,
            ordered: Vec::new(),
        }
    }

    fn happen(&mut self, event: Event) {
        let world = &mut self.jails.hands;
        match event {
            Event::Said(message) => {
                if let ToWarden::Create(request) = message {
                    self.ordered.push(request);
                }
                self.jails.obey(message, &self.front);
            }
            Event::BuilderSucceeds(place) => world.succeed(place),
            Event::BuilderFails(place) => world.fail(place),
            Event::BuilderDies(place) => world.die(Role::Builder, place),
            Event::BuilderAborts(place) => world.abort(place),
            Event::BuilderStalls(place) => self.stall(place),
            Event::InitDies(place) => world.die(Role::Init, place),
            Event::OrphanDies(place) => world.die(Role::Orphan, place),
            Event::OutOfMemory(place) => world.exhaust(place),
            Event::Forks(works) => world.refuses_builders = !works,
            Event::Removes(works) => world.refuses_removal = !works,
            Event::FrontDies => {
                self.jails.destroy_all();
                let (link, theirs) = channel();
                (self.front, self.theirs) = (Front::unreal(link), theirs);
                self.ordered.clear();
            }
            Event::Hears => self.jails.collect_built(Some(&self.front)),
            Event::Collects => {
                for pid in self.jails.hands.collect() {
                    self.jails.died(pid);
                }
            }
            Event::Tidies => self.tidy(),
        }
        self.read_answers();
    }

    fn stall(&mut self, place: usize) {
        let states = self.jails.jails.values_mut().map(|jail| &mut jail.state);
        let mut builders: Vec<_> = states
            .filter_map(|state| match state {
                State::Building(_, builder) => Some(builder),
                _ => None,
            })
            .collect();
        if let Some(at) = place.checked_rem(builders.len()) {
            builders[at].stall();
        }
    }

    /// All pauses between two tries are over.
    fn tidy(&mut self) {
        for jail in self.jails.jails.values_mut() {
            jail.removal.next = None;
        }
        self.jails.watch_memory();
        self.jails.remove_dead();
    }

    /// Every jail that the front is told of exists and was ordered; no order is answered twice.
    fn read_answers(&mut self) {
        while let Ok(Some((answer, fds))) = protocol::receive::<FromWarden>(self.theirs.as_fd()) {
            let answered = match answer {
                FromWarden::Created(request, id) => {
                    assert_eq!(fds.len(), protocol::CREATED_FDS);
                    let jail = &self.jails.jails[&id];
                    assert!(!jail.unwanted && !matches!(jail.state, State::Building(..)));
                    request
                }
                FromWarden::NotCreated(request, _) => request,
                _ => continue,
            };
            let order = self.ordered.iter().position(|order| *order == answered);
            self.ordered
                .swap_remove(order.expect("it was ordered and not answered"));
        }
    }

    /// What must hold at any time.
    fn check(&mut self) {
        let jails = &mut self.jails;
        assert!(jails.jails.len() <= MAX_JAILS as usize);
        let free: Vec<_> = std::iter::from_fn(|| jails.slots.take()).collect();
        free.iter().for_each(|ids| jails.slots.give_back(*ids));
        let used = jails.jails.values().map(|jail| jail.ids);
        let all: BTreeSet<u32> = free
            .iter()
            .copied()
            .chain(used)
            .map(|ids| ids.init)
            .collect();
        assert_eq!(
            all.len(),
            free.len() + jails.jails.len(),
            "an id is there twice"
        );
        assert_eq!(all.len(), MAX_JAILS as usize, "an id is lost");

        for process in jails
            .hands
            .processes
            .iter()
            .filter(|process| process.is_alive)
        {
            assert!(
                !free.contains(&process.ids),
                "the ids of a living process are free"
            );
            let owners = jails.jails.values();
            let owners: Vec<_> = owners
                .filter(|jail| name(&jail.groups) == process.groups)
                .collect();
            let [owner] = owners[..] else {
                panic!("{} jails own a process", owners.len());
            };
            let is_owned = match (process.role, &owner.state) {
                // A builder that is to be killed is dead already; one that has told of its init is too.
                (Role::Builder, State::Building(_, builder)) => {
                    builder.pid() == process.pid && !owner.unwanted
                }
                (Role::Init, State::Building(..)) => true,
                (Role::Init, State::Alive(product)) => {
                    product.init == process.pid && !owner.unwanted
                }
                (Role::Orphan, State::Building(..)) => true,
                (Role::Orphan, State::Dead) => owner.unwanted,
                _ => false,
            };
            assert!(is_owned, "{:?} {} is nobody's", process.role, process.pid);
        }
    }

    /// The node stops: what is killed dies, what dies is collected and removed.
    fn end(mut self) {
        self.jails.hands.refuses_removal = false;
        self.happen(Event::FrontDies);
        for _ in 0..3 {
            self.happen(Event::OrphanDies(0));
            self.happen(Event::OrphanDies(0));
            self.happen(Event::Hears);
            self.happen(Event::Collects);
            self.happen(Event::Tidies);
            self.check();
        }
        assert!(self.jails.jails.is_empty(), "a jail is left");
        assert!(self.jails.hands.processes.is_empty(), "a process is left");
    }
}

proptest! {
    #[test]
    fn no_jail_is_ever_without_an_owner(events in prop::collection::vec(any_event(), 0..120)) {
        let mut model = Model::new();
        for event in events {
            model.happen(event);
            model.check();
        }
        model.end();
    }
}

/// It is less as long as nobody waits for what runs in the jail.
#[test]
fn a_jail_has_its_full_share_of_the_processor_when_its_job_comes() {
    let mut model = Model::new();
    let (request, jail) = (RequestId(1), JailId(1));
    model.happen(Event::Said(ToWarden::Create(request)));
    model.happen(Event::BuilderSucceeds(0));
    model.happen(Event::Hears);
    let limits = StageLimits {
        memory: Bytes::mib(64),
        processes: 8,
    };
    let arm = ToWarden::Arm(request, jail, [None, Some(limits)], Share::Least);
    model.happen(Event::Said(arm));
    assert_eq!(model.jails.hands.given, [Share::Least]);
    model.happen(Event::Said(ToWarden::Begin(request, jail)));
    assert_eq!(model.jails.hands.given, [Share::Least, Share::Full]);
    model.end();
}
