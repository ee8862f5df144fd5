//! The content of an element as an automaton over the names inside it: Glushkov's construction, one state for each place in the schema's
//! type. The schemas in use need no counting: everything occurs once or without bound.

use super::TypeId;

/// A place in a type where an element may stand.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) term: Term,
    /// The places that may come next.
    follow: Vec<usize>,
    /// Whether nothing needs to come after it.
    last: bool,
}

/// What may stand in a place.
#[derive(Clone, Debug)]
pub(super) enum Term {
    /// An element of this name.
    Element { namespace: Option<String>, name: String, of: TypeId, has_default: bool },
    /// Any element, but for those of one namespace.
    Any { but_of: Option<String>, strict: bool },
}

impl Term {
    pub(super) fn takes(&self, namespace: Option<&str>, name: &str) -> bool {
        match self {
            Self::Element { namespace: wanted, name: known, .. } => known == name && wanted.as_deref() == namespace,
            Self::Any { but_of, .. } => but_of.is_none() || (namespace.is_some() && namespace != but_of.as_deref()),
        }
    }
}

/// The content of a type.
#[derive(Debug, Default)]
pub(super) struct Model {
    places: Vec<Place>,
    first: Vec<usize>,
    nullable: bool,
}

/// How far the content of an element has been read: not at all, or up to a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State(Option<usize>);

impl Model {
    /// The model of a type whose content was put together.
    pub(super) fn new(builder: ModelBuilder, whole: Fragment) -> Self {
        let mut places = builder.places;
        for place in whole.last {
            places[place].last = true;
        }
        Self { places, first: whole.first, nullable: whole.nullable }
    }

    /// The places that may come after a state.
    pub(super) fn after(&self, state: State) -> impl Iterator<Item = (State, &Term)> {
        let next = match state.0 {
            None => &self.first,
            Some(place) => &self.places[place].follow,
        };
        next.iter().map(|place| (State(Some(*place)), &self.places[*place].term))
    }

    /// Whether the element may end in this state.
    pub(super) fn may_end(&self, state: State) -> bool {
        state.0.map_or(self.nullable, |place| self.places[place].last)
    }

    /// What is missing where the content may not end: what every way to the end begins with or comes to past optional elements; if there is no
    /// such element, all that may come next.
    pub(super) fn missing(&self, state: State) -> Vec<&Term> {
        self.needed(state, |state| self.may_end(state))
    }

    /// The same of what is missing before a later place; none where no way leads there from this state, as between alternatives.
    pub(super) fn missing_before(&self, state: State, later: State) -> Vec<&Term> {
        let is_there = |state| state == later;
        if self.arrives(state, None, is_there) { self.needed(state, is_there) } else { Vec::new() }
    }

    fn needed(&self, state: State, arrived: impl Fn(State) -> bool + Copy) -> Vec<&Term> {
        let next: Vec<_> = self.after(state).collect();
        match next.iter().find(|(place, _)| !self.arrives(state, Some(*place), arrived)) {
            Some((_, term)) => vec![*term],
            None => next.into_iter().map(|(_, term)| term).collect(),
        }
    }

    /// Whether a goal can be reached from a state on, without going through a place.
    fn arrives(&self, state: State, avoided: Option<State>, arrived: impl Fn(State) -> bool) -> bool {
        let mut ahead = vec![state];
        let mut seen = vec![state];
        while let Some(state) = ahead.pop() {
            if arrived(state) {
                return true;
            }
            for (next, _) in self.after(state) {
                if Some(next) != avoided && !seen.contains(&next) {
                    seen.push(next);
                    ahead.push(next);
                }
            }
        }
        false
    }

    /// The first place from a state on, in the schema's order, for an element that does not fit where it stands; else any before it.
    pub(super) fn elsewhere(&self, state: State, namespace: Option<&str>, name: &str) -> Option<(Elsewhere, &Term)> {
        let fits = |place: &usize| self.places[*place].term.takes(namespace, name);
        let from = state.0.map_or(0, |place| place + 1);
        let later = (from..self.places.len()).find(fits).map(|place| (Elsewhere::Later(State(Some(place))), &self.places[place].term));
        later.or_else(|| (0..from).find(fits).map(|place| (Elsewhere::Earlier, &self.places[place].term)))
    }
}

/// Where an element that is not expected would belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Elsewhere {
    /// After something that is missing.
    Later(State),
    /// Before what has been read: it is out of order, or once too often.
    Earlier,
}

/// A model that is being put together.
#[derive(Debug, Default)]
pub(super) struct ModelBuilder {
    places: Vec<Place>,
}

/// A part of a model.
#[derive(Clone, Debug)]
pub(super) struct Fragment {
    first: Vec<usize>,
    last: Vec<usize>,
    nullable: bool,
}

impl Fragment {
    /// Nothing at all.
    pub(super) const EMPTY: Self = Self { first: Vec::new(), last: Vec::new(), nullable: true };
}

impl ModelBuilder {
    pub(super) fn term(&mut self, term: Term) -> Fragment {
        let place = self.places.len();
        self.places.push(Place { term, follow: Vec::new(), last: false });
        Fragment { first: vec![place], last: vec![place], nullable: false }
    }

    pub(super) fn sequence(&mut self, parts: impl IntoIterator<Item = Fragment>) -> Fragment {
        parts.into_iter().fold(Fragment::EMPTY, |before, after| {
            self.join(&before.last, &after.first);
            let first = if before.nullable { [before.first, after.first].concat() } else { before.first };
            let last = if after.nullable { [before.last, after.last].concat() } else { after.last };
            Fragment { first, last, nullable: before.nullable && after.nullable }
        })
    }

    pub(super) fn choice(parts: impl IntoIterator<Item = Fragment>) -> Fragment {
        parts.into_iter().fold(Fragment { nullable: false, ..Fragment::EMPTY }, |one, other| Fragment {
            first: [one.first, other.first].concat(),
            last: [one.last, other.last].concat(),
            nullable: one.nullable || other.nullable,
        })
    }

    pub(super) fn occurring(&mut self, part: Fragment, optional: bool, unbounded: bool) -> Fragment {
        if unbounded {
            self.join(&part.last, &part.first);
        }
        Fragment { nullable: part.nullable || optional, ..part }
    }

    fn join(&mut self, last: &[usize], first: &[usize]) {
        for place in last {
            let follow = &mut self.places[*place].follow;
            follow.extend(first.iter().filter(|next| !follow.contains(next)).copied().collect::<Vec<_>>());
        }
    }
}
