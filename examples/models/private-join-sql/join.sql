-- How many patients of one hospital's table have which diagnosis in another's, by the size of their cell nuclei.
-- A group of fewer than $k patients does not leave, and $k is never taken for less than 5.

-- From here on a patient is a pseudonym: nothing below can return a number, not even by mistake.
CREATE TEMP VIEW measured AS
SELECT
  sha256('entente/private-join/1:' || patient_no) AS patient,
  CASE
    WHEN radius_mean < 12 THEN 'below 12'
    WHEN radius_mean < 15 THEN '12 to 15'
    WHEN radius_mean < 20 THEN '15 to 20'
    ELSE '20 and above'
  END AS radius
FROM measurements
WHERE patient_no IS NOT NULL AND radius_mean IS NOT NULL;

CREATE TEMP VIEW diagnosed AS
SELECT sha256('entente/private-join/1:' || patient_no) AS patient, diagnosis
FROM diagnoses
WHERE patient_no IS NOT NULL AND diagnosis IS NOT NULL;

SELECT diagnosis, radius, count(DISTINCT patient) AS patients
FROM measured JOIN diagnosed USING (patient)
GROUP BY diagnosis, radius
HAVING count(DISTINCT patient) >= greatest($k, 5)
ORDER BY diagnosis, radius;
