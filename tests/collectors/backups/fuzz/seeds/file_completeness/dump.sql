--
-- PostgreSQL database dump
--

select 1;
--
-- PostgreSQL database dump complete
--

