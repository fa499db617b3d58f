"""How a virtual rat's network is compared with the neurons of a real one."""
