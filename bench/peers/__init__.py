"""What people would write instead of Pacewatch, each the way its documentation says. Every file runs as a process."""
