-- MariaDB dump 10.19
select 1;
-- Dump completed on 2026-11-21
